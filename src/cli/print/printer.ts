import { visible } from '../../util/visible.ts'
import type { AnyView } from '../../view.ts'
import type { Flags } from '../flags.ts'
import { withAuthor } from './author.ts'
import { type Colours, colours, visibleStyled } from './colour.ts'
import { type ListColumn, listColumns } from './columns.ts'
import { csv } from './csv.ts'
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

  /** Records as people or programs want them, and how many there are. */
  list(items: readonly unknown[], { cursor, view }: ListOptions = {}): void {
    this.items(items, view)
    const count = `${items.length} ${items.length === 1 ? 'entry' : 'entries'}`
    if (cursor !== undefined) this.note(`${count}, more follow: --cursor ${cursor}`)
    else this.note(items.length === 0 ? 'nothing found' : count)
  }

  /** Records as a table, other items a line each; without a word on how many there are. */
  items(items: readonly unknown[], view?: AnyView): void {
    const { plain, quiet, csv: asCsv } = this.#flags
    if (asCsv && view !== undefined) this.#csv(items.filter(isRecord), view)
    else if (items.length === 0) return
    else if (!items.every(isRecord))
      for (const item of items) this.line(spell(item, plain ? 'programs' : 'people'))
    else if (plain) this.#fields(items, view)
    else if (quiet && view !== undefined && this.#flags.columns === undefined) this.#names(items, view)
    else this.#table(items, view)
  }

  #columns(view: AnyView | undefined): readonly ListColumn[] | undefined {
    return view && listColumns(view, this.#flags)
  }

  #fields(records: readonly object[], view: AnyView | undefined): void {
    const columns = this.#columns(view)
    const { rows } = toTable(records, { spelling: 'programs', ...(columns && { columns }) })
    for (const row of rows) this.line(row.join('\t'))
  }

  /** What names each record, alone. */
  #names(records: readonly object[], view: AnyView): void {
    const [name] = listColumns(view, {})
    for (const record of records) this.line(spell(name?.of(record), 'people'))
  }

  #csv(records: readonly object[], view: AnyView): void {
    const columns = listColumns(view, this.#flags)
    const rows = records.map(record => columns.map(({ of }) => spell(of(record), 'programs')))
    const all = [columns.map(({ name }) => name), ...rows]
    // Exactly what is stored, but on a terminal harmless.
    writeOut(csv(isTerminal(1) ? all.map(row => row.map(visible)) : all))
  }

  /** The columns of the terminal; 100 where there is none. */
  get width(): number {
    return isTerminal(1) ? process.stdout.columns || 80 : 100
  }

  /** A table; but a single record that is too wide for one is laid out by itself, whole. */
  #table(records: readonly object[], view: AnyView | undefined): void {
    const isNarrow = isTerminal(1) && !this.#flags.wide
    const columns = this.#columns(view)
    const spelling = isNarrow && view !== undefined ? 'short' : 'people'
    const table = toTable(records.map(withAuthor), { spelling, ...(columns && { columns }) })
    const { lines, hidden } = layOut(table, isNarrow ? { width: this.width, rest: view?.rest } : undefined)
    const [first, second] = records
    const isWhole = hidden === 0 && !table.cutsIds
    const isAlone = second === undefined && this.#flags.columns === undefined
    if (!isWhole && isAlone && first !== undefined) return void this.record(first)
    this.#lines(lines, hidden, view)
    if (table.cutsIds) this.note('ids are shortened: --wide shows them whole')
  }

  #lines([headings = '', ...rows]: readonly string[], hidden: number, view: AnyView | undefined): void {
    for (const line of [this.out.bold(headings), ...rows]) this.styled(line)
    const way = view === undefined ? '--json or a wider terminal' : '--wide, or choose by --columns'
    if (hidden > 0) this.note(`${hidden} more column${hidden === 1 ? '' : 's'}: use ${way}`)
  }
}

/** How a list is printed. */
interface ListOptions {
  /** Where the next page begins, when there is one. */
  readonly cursor?: string | undefined
  readonly view?: AnyView | undefined
}

function isRecord(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !(item instanceof Date)
}
