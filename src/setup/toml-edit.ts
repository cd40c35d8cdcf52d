import { isDeepStrictEqual } from 'node:util'
import { parse, TomlError, type TomlTable, type TomlValue } from 'smol-toml'
import { InvalidInput } from '../errors.ts'
import { lineBreakOf } from './json-text.ts'

/** What a table that we write holds: text, or lists of text. */
export type TomlFields = Readonly<Record<string, string | readonly string[]>>

/**
 * Writes a table `[parent.name]` into TOML text, and leaves every other byte as it is: at the end, or, where the table
 * is there, over those of its lines that differ.
 * @param text undefined for a file that does not exist
 * @throws InvalidInput when the text is no TOML, or has the table in a form other than `[parent.name]`
 */
export function putToml(
  text: string | undefined,
  path: readonly [string, string],
  fields: TomlFields,
): string {
  const before = text === undefined ? {} : readToml(text)
  const there = tableAt(before, path)
  const done = there === undefined ? append(text, path, fields) : replace(text ?? '', path, { there, fields })
  return checked(done, path, { before, table: { ...there, ...fields } })
}

/**
 * Takes the table out again, so that the text is what it was before {@link putToml}. Returns undefined when that is
 * all of the text: then there was no file.
 */
export function removeToml(text: string, path: readonly [string, string]): string | undefined {
  const before = readToml(text)
  if (tableAt(before, path) === undefined) return text
  const { start, end } = linesOf(text, path)
  const rest = text.slice(0, startOfGap(text, start)) + text.slice(end)
  return start === 0 && rest === '' ? undefined : checked(rest, path, { before, table: undefined })
}

/** The table `[parent.name]` of TOML text, if it has one. InvalidInput when the text is broken. */
export function tomlTable(text: string | undefined, path: readonly [string, string]): TomlTable | undefined {
  return text === undefined ? undefined : tableAt(readToml(text), path)
}

/** The table of TOML text. InvalidInput when it is broken. */
export function readToml(text: string): TomlTable {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new InvalidInput(`it is not TOML: see line ${error.line}`, { cause: error })
  }
}

function append(text: string | undefined, path: readonly string[], fields: TomlFields): string {
  const eol = lineBreakOf(text ?? '')
  const lines = Object.entries(fields).map(([key, value]) => line(key, value))
  const table = [`[${path.join('.')}]`, ...lines].join(eol)
  if (text === undefined) return `${table}${eol}`
  // A text whose last line has no end gets none: so `removeToml` knows how it was.
  return /\n$|^$/.test(text) ? `${text}${eol}${table}${eol}` : `${text}${eol}${eol}${table}`
}

/** A table that is there, and what it is to hold. */
interface TableChange {
  readonly there: TomlTable
  readonly fields: TomlFields
}

function replace(text: string, path: readonly string[], { there, fields }: TableChange): string {
  const { start, end } = linesOf(text, path)
  let table = text.slice(start, end)
  for (const [key, value] of Object.entries(fields)) {
    if (isDeepStrictEqual(there[key], value)) continue
    const old = new RegExp(`^${key}[ \\t]*=[^\\r\\n]*`, 'm')
    const isThere = there[key] !== undefined
    table = isThere
      ? table.replace(old, () => line(key, value))
      : table.replace(/^[^\r\n]*/, header => `${header}${lineBreakOf(text)}${line(key, value)}`)
  }
  return text.slice(0, start) + table + text.slice(end)
}

const trailingComments = /(?:(?<=\n|^)[ \t]*(?:#[^\n]*)?\r?\n)+$/

/**
 * Where the lines of a table are, those of its own tables such as `[parent.name.env]` among them: from its header to
 * the next one, but for the blank lines and comments before that, which belong to what follows.
 */
function linesOf(text: string, path: readonly string[]): { start: number; end: number } {
  const name = path.join('\\.')
  const [own] = text.matchAll(new RegExp(`^\\[${name}\\][^\\n]*\\n?`, 'gm'))
  if (own === undefined) {
    throw new InvalidInput(`it has ${path.join('.')} in another form than [${path.join('.')}]`, {
      hint: 'Edit it by hand.',
    })
  }
  const start = own.index
  const rest = text.slice(start + own[0].length)
  const next = new RegExp(`^\\[(?!${name}\\.)`, 'm').exec(rest)
  const table = next === null ? rest : rest.slice(0, next.index).replace(trailingComments, '')
  return { start, end: start + own[0].length + table.length }
}

/** The blank line that parts the table from what is before it. */
function startOfGap(text: string, start: number): number {
  const isLast = !text.endsWith('\n')
  const gap = (isLast ? /(?:\r?\n){1,2}$/ : /\r?\n$/).exec(text.slice(0, start))?.[0] ?? ''
  // The line end of what is before it stays, unless there was none.
  const isBlank = /^$|\n$/.test(text.slice(0, start - gap.length)) || isLast
  return isBlank ? start - gap.length : start
}

interface ExpectedToml {
  /** All tables, as they were before the edit. */
  readonly before: TomlTable
  /** The edited table; undefined when it was taken out. */
  readonly table: Readonly<Record<string, unknown>> | undefined
}

/** Refuses a text in which anything but the one table differs from before. */
function checked(text: string, path: readonly [string, string], { before, table }: ExpectedToml): string {
  const after = readable(text)
  const isDone = after && isDeepStrictEqual(plain(tableAt(after, path)), plain(table))
  if (isDone && isDeepStrictEqual(without(after, path), without(before, path))) return text
  throw new InvalidInput(`it cannot be edited around [${path.join('.')}]`, { hint: 'Edit it by hand.' })
}

function readable(text: string): TomlTable | undefined {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof TomlError) return undefined
    throw error
  }
}

function tableAt(all: TomlTable, [parent, name]: readonly [string, string]): TomlTable | undefined {
  const outer = all[parent]
  const inner = isTable(outer) ? outer[name] : undefined
  return isTable(inner) ? inner : undefined
}

function without(all: TomlTable, [parent, name]: readonly [string, string]): unknown {
  const { [parent]: outer, ...others } = all
  if (!isTable(outer)) return plain(all)
  const { [name]: _, ...left } = outer
  return plain(Object.keys(left).length === 0 ? others : { ...others, [parent]: left })
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}

/** Without the prototypes that parsers give their tables. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : structuredClone(value)
}

function line(key: string, value: string | readonly string[]): string {
  const text = typeof value === 'string' ? quote(value) : `[${value.map(quote).join(', ')}]`
  return `${key} = ${text}`
}

/** JSON's escapes are among those of TOML's basic strings, which refuse DEL besides. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007F')
}
