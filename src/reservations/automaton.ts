import { InvalidInput } from '../errors.ts'

/** Code points, from the first to the last of each range, in order. */
export type Ranges = readonly (readonly [first: number, last: number])[]

/** Where an automaton may be. */
interface State {
  readonly edges: { readonly on: Ranges; readonly to: number }[]
  /** Where it may go without a character. */
  readonly skips: number[]
}

/** Accepts the paths that a glob matches: it begins in state 0 and ends in `end`. */
export interface Automaton {
  readonly states: readonly State[]
  readonly end: number
}

export const slash = 47
const last = 0x10ffff
const any: Ranges = [[0, last]]
const notSlash: Ranges = without([[slash, slash]])

/** A part of a glob. */
interface Part {
  readonly text: string
  /** Whether a segment of the path begins with the part, and whether one ends where it does. */
  readonly begins: boolean
  readonly ends: boolean
}

/**
 * The automaton of a glob: `*` and `?` stay within a segment of the path, `**` is any number of segments, none included,
 * `[a-z]` and `[!a-z]` one character, `{a,b}` one of several. `[id]` matches a folder of that very name too, as frameworks
 * for the web have them. It has a few states for each character.
 * @throws InvalidInput for `**` that is only a part of a segment
 */
export function automatonOf(glob: string): Automaton {
  const builder = new Builder(glob)
  const end = builder.add({ text: glob, begins: true, ends: true }, builder.state())
  return { states: builder.states, end }
}

class Builder {
  readonly states: State[] = []
  readonly #glob: string

  constructor(glob: string) {
    this.#glob = glob
  }

  state(): number {
    return this.states.push({ edges: [], skips: [] }) - 1
  }

  /** Goes on from a state with what a part matches. Returns the state after it. */
  add(part: Part, from: number): number {
    const { text } = part
    let at = from
    for (let i = 0; i < text.length; ) {
      const begins = i === 0 ? part.begins : text[i - 1] === '/'
      const rest = text.slice(i)
      const [end, length] = this.#piece({ text: rest, begins, ends: part.ends }, at)
      at = end
      i += length
    }
    return at
  }

  /** Goes on with the first piece of a part. Returns the state after it, and how long the piece is. */
  #piece(part: Part, from: number): [end: number, length: number] {
    const { text, ends } = part
    if (text === '/**' && ends)
      return [this.#optional(from, this.#loop(this.#step(from, [[slash, slash]]), any)), 3]
    if (text.startsWith('**')) return this.#segments(part, from)
    if (text.startsWith('*')) return [this.#loop(from, notSlash), 1]
    if (text.startsWith('?')) return [this.#step(from, notSlash), 1]
    const [set] = /^\[[!^]?\]?[^\]/]*\]/.exec(text) ?? []
    if (set !== undefined) return [this.#set(set, from), set.length]
    const options = text.startsWith('{') ? alternatives(text) : undefined
    if (options !== undefined) return this.#options(options, part, from)
    const code = text.codePointAt(0) ?? 0
    return [this.#step(from, [[code, code]]), String.fromCodePoint(code).length]
  }

  #segments({ text, begins, ends }: Part, from: number): [number, number] {
    const isWhole = begins && (text === '**' ? ends : text.startsWith('**/'))
    if (!isWhole) {
      throw new InvalidInput(`${JSON.stringify(this.#glob)} has ** beside other characters`, {
        hint: '** stands for whole folders, as in src/**/*.ts; within a name write *.',
      })
    }
    const all = this.#loop(from, any)
    return text === '**' ? [all, 2] : [this.#optional(from, this.#step(all, [[slash, slash]])), 3]
  }

  #set(set: string, from: number): number {
    const members = [...set.slice(1, -1).replace(/^[!^]/, '')].map(character => character.codePointAt(0) ?? 0)
    const chosen = rangesOf(members)
    const others = /^\[[!^]/.test(set) ? chosen : without(chosen)
    const on = without([...others, [slash, slash]])
    let itself = from
    for (const character of set) {
      const code = character.codePointAt(0) ?? 0
      itself = this.#step(itself, [[code, code]])
    }
    const end = this.#step(from, on)
    this.#skip(itself, end)
    return end
  }

  #options(options: readonly string[], { text, begins, ends }: Part, from: number): [number, number] {
    const length = options.reduce((sum, option) => sum + option.length + 1, 1)
    const after = text[length]
    const end = this.state()
    const isLast = after === undefined ? ends : after === '/'
    for (const option of options)
      this.#skip(this.add({ text: option, begins, ends: isLast }, this.#after(from)), end)
    return [end, length]
  }

  /** A state of its own after one that others go on from too. */
  #after(from: number): number {
    const to = this.state()
    this.#skip(from, to)
    return to
  }

  #skip(from: number, to: number): void {
    this.states[from]?.skips.push(to)
  }

  #step(from: number, on: Ranges): number {
    const to = this.state()
    this.states[from]?.edges.push({ on, to })
    return to
  }

  #loop(from: number, on: Ranges): number {
    const to = this.#after(from)
    this.states[to]?.edges.push({ on, to })
    return to
  }

  /** What lies between two states may be left out. */
  #optional(from: number, to: number): number {
    const end = this.#after(to)
    this.#skip(from, end)
    return end
  }
}

/** The options of the braces that a text begins with; undefined where they hold no comma, or do not end: they are text. */
function alternatives(text: string): string[] | undefined {
  const options: string[] = []
  let depth = 0
  let start = 1
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}') depth--
    const isComma = text[i] === ',' && depth === 1
    if (isComma || depth === 0) {
      options.push(text.slice(start, i))
      start = i + 1
    }
    if (depth === 0) return options.length > 1 ? options : undefined
  }
  return undefined
}

const dash = 45

/** The members of a set, `a-z` as a range. */
function rangesOf(members: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (let i = 0; i < members.length; i++) {
    const [first = 0, between, end] = members.slice(i, i + 3)
    const isRange = between === dash && end !== undefined
    if (!isRange) ranges.push([first, first])
    else if (first <= end) ranges.push([first, end])
    if (isRange) i += 2
  }
  return ranges
}

/** All other code points, in order. */
function without(ranges: Ranges): Ranges {
  const others: [number, number][] = []
  let next = 0
  for (const [first, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (first > next) others.push([next, first - 1])
    next = Math.max(next, end + 1)
  }
  if (next <= last) others.push([next, last])
  return others
}
