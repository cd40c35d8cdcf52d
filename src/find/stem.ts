/**
 * The stem of an English word, so that `retries` is found by `retry`: Porter's algorithm
 * (https://tartarus.org/martin/PorterStemmer/) but for a final `y`, which becomes `i` by the rule of his
 * later one. By the first, `deploy` and `deployment` would differ, and so would `try` and `tries`. A word
 * with anything but the letters a to z is its own stem.
 */
export function stem(word: string): string {
  if (!/^[a-z]{3,64}$/.test(word)) return word
  const root = withoutPast(withoutPlural(word)).replace(/(.[^aeiouy])y$/, '$1i')
  return tidy(withoutEnding(replaced(replaced(root, secondStep, 1), thirdStep, 1)))
}

const secondStep = new Map(
  Object.entries({
    ational: 'ate',
    tional: 'tion',
    enci: 'ence',
    anci: 'ance',
    izer: 'ize',
    bli: 'ble',
    alli: 'al',
    entli: 'ent',
    eli: 'e',
    ousli: 'ous',
    ization: 'ize',
    ation: 'ate',
    ator: 'ate',
    alism: 'al',
    iveness: 'ive',
    fulness: 'ful',
    ousness: 'ous',
    aliti: 'al',
    iviti: 'ive',
    biliti: 'ble',
    logi: 'log',
  }),
)

const thirdStep = new Map(
  Object.entries({ icate: 'ic', ative: '', alize: 'al', iciti: 'ic', ical: 'ic', ful: '', ness: '' }),
)

const endings = 'al ance ence er ic able ible ant ement ment ent ou ism ate iti ous ive ize'
const fourthStep = new Map(endings.split(' ').map(ending => [ending, '']))

function withoutPlural(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2)
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

function withoutPast(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word
  const root = /^(.+)(?:ed|ing)$/.exec(word)?.[1]
  if (root === undefined || !hasVowel(root)) return word
  if (/(at|bl|iz)$/.test(root)) return `${root}e`
  if (/([^aeiouylsz])\1$/.test(root)) return root.slice(0, -1)
  return measure(root) === 1 && endsShort(root) ? `${root}e` : root
}

function withoutEnding(word: string): string {
  if (!/[st]ion$/.test(word)) return replaced(word, fourthStep, 2)
  return measure(word.slice(0, -3)) > 1 ? word.slice(0, -3) : word
}

/** Takes off a last `e` and one of a last double `l`, unless little would be left. */
function tidy(word: string): string {
  const root = word.endsWith('e') ? word.slice(0, -1) : word
  const isLong = measure(root) > 1 || (measure(root) === 1 && !endsShort(root))
  const kept = isLong ? root : word
  return kept.endsWith('ll') && measure(kept.slice(0, -1)) > 1 ? kept.slice(0, -1) : kept
}

/** Replaces the longest ending that the table knows, if what stands before it has this measure. */
function replaced(word: string, table: ReadonlyMap<string, string>, least: number): string {
  for (let length = Math.min(7, word.length - 1); length > 1; length--) {
    const replacement = table.get(word.slice(-length))
    if (replacement === undefined) continue
    const root = word.slice(0, -length)
    return measure(root) >= least ? root + replacement : word
  }
  return word
}

/** Porter's measure: how many times a consonant follows a vowel. */
function measure(word: string): number {
  return shape(word).split('vc').length - 1
}

function hasVowel(word: string): boolean {
  return shape(word).includes('v')
}

/** Ends in consonant, vowel, consonant, as `hop` does: an `e` belongs after it. */
function endsShort(word: string): boolean {
  return shape(word).endsWith('cvc') && !/[wxy]$/.test(word)
}

/** The word as `v` for vowels and `c` for consonants; `y` is a vowel after a consonant. */
function shape(word: string): string {
  let letters = ''
  for (const letter of word) {
    const isVowel = 'aeiou'.includes(letter) || (letter === 'y' && letters.endsWith('c'))
    letters += isVowel ? 'v' : 'c'
  }
  return letters
}
