/**
 * Text of others as people and models may be shown it: what cannot be seen, what reorders what is seen, and what moves a
 * terminal's cursor is spelled out as JSON spells it, `\u202e`. Line ends and tabs stay, and so does what a script or an
 * emoji needs. JSON stays JSON, of the same value.
 */
export function visible(text: string): string {
  return text.replace(hiding, (found, hidden) => (hidden === undefined ? found : spelled(hidden)))
}

/** A copy of a value of JSON in which all texts, names of fields included, are {@link visible}. */
export function visibleTexts<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T & string
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(visibleTexts) as T & unknown[]
  const entries = Object.entries(value).map(([name, inner]) => [visible(name), visibleTexts(inner)])
  return Object.fromEntries(entries) as T
}

/**
 * Controls, separators of lines, annotations, and all that Unicode calls ignorable: embeddings and marks of direction,
 * joiners, fillers, selectors, tags. Marks of direction (200e, 200f, 061c) are useful in some texts, but a text can be read
 * without them, and with them be made to read as another one.
 */
const hidden = '[\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\ufff9-\\ufffb]|(?![\\t\\n])\\p{Cc}'

/** Letters of scripts whose words are written with joiners and non-joiners in between: Arabic, Syriac, those of India and others. */
const joined = `(?!${hidden})[${'Arab Syrc Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Tibt Mymr Khmr Mong'
  .split(' ')
  .map(script => `\\p{scx=${script}}`)
  .join('')}]`
const picture = '\\p{Extended_Pictographic}'

/** The flags of England, Scotland and Wales are spelled in tags; there are no others. */
const flags = ['gbeng', 'gbsct', 'gbwls'].map(region => {
  const tags = Array.from(region, letter => 0xe0000 + letter.charCodeAt(0))
  return String.fromCodePoint(0x1f3f4, ...tags, 0xe007f)
})

/** What does in its place what it is for, one alone behind what it belongs to; and, as its group, all else that is hidden. */
const hiding = new RegExp(
  [
    ...flags,
    `(?<=${joined})[\\u200c\\u200d]`,
    `(?<=[${picture}\\p{Emoji_Modifier}]\\ufe0f?)\\u200d(?=${picture})`,
    '(?<=[\\d#*])\\ufe0f(?=\\u20e3)',
    '(?<=(?![\\d#*])\\p{Emoji})[\\ufe0e\\ufe0f]',
    '(?<=[\\u1820-\\u18aa])[\\u180b-\\u180d]',
    `(${hidden})`,
  ].join('|'),
  'gu',
)

/** By units of UTF-16, as in JSON. */
function spelled(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
