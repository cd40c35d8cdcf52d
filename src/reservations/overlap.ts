import { type Automaton, automatonOf, type Ranges, slash } from './automaton.ts'

/** Automata of globs that were asked about: the same few are compared again and again. */
const known = new Map<string, Automaton>()

const mostKnown = 1_000

/**
 * Whether there is a path that both globs cover. Exact: the two automata are run side by side over all paths at once, in
 * time that grows with the product of the globs' lengths at most.
 */
export function overlap(one: string, other: string): boolean {
  if (beginOtherwise(one, other)) return false
  return meet(covering(one), covering(other))
}

/** The last name of a glob that may be a folder's: one with a wildcard, or an ending such as `.ts`, is a file's. */
const folderName = /(^|\/)[^/*?[][^/.*?[]*$/

/** What a glob covers: what may be a folder's name stands for all that is in it too. */
function covering(glob: string): Automaton {
  const found = known.get(glob)
  if (found !== undefined) return found
  const automaton = automatonOf(folderName.test(glob) ? `${glob}/**` : glob)
  if (known.size >= mostKnown) known.clear()
  known.set(glob, automaton)
  return automaton
}

/** Most globs are told apart by the folders that they begin with. */
function beginOtherwise(one: string, other: string): boolean {
  const [a, b] = [folder(one), folder(other)]
  const length = Math.min(a.length, b.length)
  return a.slice(0, length) !== b.slice(0, length)
}

/** The part of a glob before the first wildcard, to the end of a folder. */
function folder(glob: string): string {
  const plain = glob.slice(0, glob.search(/[*?[{]|$/))
  return plain.slice(0, plain.lastIndexOf('/') + 1)
}

/** Where both automata are, and whether a segment of the path has just begun: none of them is empty. */
type Place = readonly [a: number, b: number, begins: boolean]

function meet(one: Automaton, other: Automaton): boolean {
  const seen = new Set<number>()
  const left: Place[] = [[0, 0, true]]
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    const [a, b, begins] = place
    const mark = (a * other.states.length + b) * 2 + Number(begins)
    if (seen.has(mark)) continue
    seen.add(mark)
    if (a === one.end && b === other.end && !begins) return true
    left.push(...nextPlaces(one, other, place))
  }
  return false
}

function nextPlaces(one: Automaton, other: Automaton, [a, b, begins]: Place): Place[] {
  const [from, beside] = [one.states[a], other.states[b]]
  if (from === undefined || beside === undefined) return []
  const next: Place[] = [
    ...from.skips.map(to => [to, b, begins] as const),
    ...beside.skips.map(to => [a, to, begins] as const),
  ]
  for (const edge of from.edges) {
    for (const { on, to } of beside.edges) {
      const common = commonRanges(edge.on, on)
      if (common.some(isMoreThanSlash)) next.push([edge.to, to, false])
      if (!begins && common.some(hasSlash)) next.push([edge.to, to, true])
    }
  }
  return next
}

function commonRanges(one: Ranges, other: Ranges): Ranges {
  return one.flatMap(([first, last]) =>
    other
      .map(([low, high]) => [Math.max(first, low), Math.min(last, high)] as const)
      .filter(([low, high]) => low <= high),
  )
}

function hasSlash([first, last]: Ranges[number]): boolean {
  return first <= slash && slash <= last
}

function isMoreThanSlash([first, last]: Ranges[number]): boolean {
  return first !== slash || last !== slash
}
