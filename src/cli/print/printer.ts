import { visible } from '../../util/visible.ts'
import type { Flags } from '../flags.ts'
import { withAuthor } from './author.ts'
import { type Colours, colours, visibleStyled } from './colour.ts'
import { plainRecord, recordLines } from './record.ts'
import { isTerminal, writeError, writeOut } from './standard-streams.ts'
import { layOut, toTable } from './table.ts'
import { spell, toJson } from './value.ts'

/** Prints for one command: data to the standard output, all else to the standard error. */
export class Printer {
  readonly json: boolean
  readonly #flags: Flags
  #out: Colours | undefined
  #error: Colours | undefined

  constructor(flags: Flags) {
    this.#flags = flags
    this.json = flags.json ?? false
  }

  /** Styles for the standard output. */
  get out(): Colours {
    this.#out ??= colours(1, this.#flags.color)
    return this.#out
  }

  /** Styles for the standard error. */
  get error(): Colours {
    this.#error ??= colours(2, this.#flags.color)
    return this.#error
  }

  /** The one document of `--json`. */
  document(data: unknown): void {
    writeOut(`${visible(toJson({ ok: true, data: data ?? null }))}\n`)
  }

  /** A line of data. */
  line(text: string): void {
    writeOut(`${visible(text)}\n`)
  }

  /** Text with our styles; what is not ours in it is harmless. */
  styled(text: string): void {
    writeOut(`${visibleStyled(text)}\n`)
  }

  /** A message for people; not with `--quiet` or `--json`. */
  note(text: string): void {
    if (!this.#flags.quiet && !this.json) writeError(`${this.error.dim(visible(text))}\n`)
  }

  /** A single value: text as it is, though harmless on a terminal; the rest as JSON. */
  value(value: unknown): void {
    if (typeof value === 'string') writeOut(`${isTerminal(1) ? visible(value) : value}\n`)
    else if (value instanceof Date) this.line(spell(value, this.#flags.plain ? 'programs' : 'people'))
    else this.line(toJson(value, this.#flags.plain ? 0 : 2))
  }

  record(record: object): void {
    const style = { name: this.out.cyan, value: visible, width: this.width }
    if (this.#flags.plain) for (const line of plainRecord(record)) this.line(line)
    else for (const line of recordLines(withAuthor(record), style)) this.styled(line)
  }

  /** @param cursor where the next page begins, when there is one */
  list(items: readonly unknown[], cursor?: string): void {
    this.items(items)
    const count = `${items.length} ${items.length === 1 ? 'entry' : 'entries'}`
    if (cursor !== undefined) this.note(`${count}, more follow: --cursor ${cursor}`)
    else this.note(items.length === 0 ? 'nothing found' : count)
  }

  /** Records as a table, other items a line each; without a word on how many there are. */
  items(items: readonly unknown[]): void {
    if (items.length === 0) return
    const spelling = this.#flags.plain ? 'programs' : 'people'
    if (!items.every(isRecord)) for (const item of items) this.line(spell(item, spelling))
    else if (this.#flags.plain) for (const row of toTable(items, spelling).rows) this.line(row.join('\t'))
    else this.#table(items)
  }

  /** The columns of the terminal; 100 where there is none. */
  get width(): number {
    return isTerminal(1) ? process.stdout.columns || 80 : 100
  }

  /** A table; but a single record that is too wide for one is laid out by itself. */
  #table(records: readonly object[]): void {
    const { lines, hidden } = layOut(
      toTable(records.map(withAuthor), 'people'),
      isTerminal(1) ? this.width : undefined,
    )
    const [first, second] = records
    if (hidden > 0 && first !== undefined && second === undefined) this.record(first)
    else this.#lines(lines, hidden)
  }

  #lines([headings = '', ...rows]: readonly string[], hidden: number): void {
    for (const line of [this.out.bold(headings), ...rows]) this.styled(line)
    if (hidden > 0)
      this.note(`${hidden} more column${hidden === 1 ? '' : 's'}: use --json or a wider terminal`)
  }
}

function isRecord(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !(item instanceof Date)
}
