import { isDeepStrictEqual } from 'node:util'
import { findNodeAtLocation, type Node, type ParseError, parse, parseTree } from 'jsonc-parser'
import { InvalidInput } from '../errors.ts'
import type { Json } from '../util/json.ts'
import { afterComma, firstIndent, indentAt, lineBreakBefore, lineBreakOf, restOfLine } from './json-text.ts'

/** The way to a value: names of properties, and indexes of array items. */
export type JsonPath = readonly (string | number)[]

/**
 * Sets one value in JSON text that may have comments, and leaves every other byte as it is. Objects on the way that
 * are not there are made; an object that is there keeps the fields that `value` does not have.
 * @param text undefined for a file that does not exist
 */
export function putJson(text: string | undefined, path: JsonPath, value: Json): string {
  if (text === undefined) return `${made(path, value)}\n`
  // Before what is there, with a line break of its own: so `removeJson` can tell what was there.
  if (isBlank(text)) return text === '' ? made(path, value) : `${made(path, value)}\n${text}`
  const put = edit(text, path, value)
  // Of two properties of one name, readers take the last: then what was written is not what they find.
  if (includes(at(readJson(put), path), value)) return put
  throw new InvalidInput(`${spell(path)} is there twice`)
}

/** Adds an item at the end of an array, which is made when it is not there. */
export function appendJson(text: string | undefined, path: JsonPath, item: Json): string {
  const array = text === undefined ? undefined : find(text, path)
  if (text === undefined || array === undefined) return putJson(text, path, [item])
  if (array.type !== 'array') throw new InvalidInput(`${spell(path)} is not an array`)
  return insert(text, array, { value: item })
}

/**
 * Takes a value out again, with the objects that {@link putJson} made for it and that have stayed empty, so that the
 * text is what it was before. Returns undefined when that is all of the text: then there was no file.
 */
export function removeJson(text: string, path: JsonPath): string | undefined {
  const node = find(text, path)
  if (node === undefined) return text
  const member = node.parent?.type === 'property' ? node.parent : node
  const container = member.parent
  if (container === undefined) return withoutRoot(text, node)
  const rest = cut(text, container, member)
  return isOurs(text, container, member) ? removeJson(text, path.slice(0, -1)) : rest
}

/** Takes out the object that is all of the value; what stands around it is not ours. */
function withoutRoot(text: string, { offset, length }: Node): string | undefined {
  const rest = text.slice(length)
  if (offset > 0) return replaceNode(text, { offset, length }, '{}')
  if (rest === '\n') return undefined
  return rest === '' || isBlank(rest) ? rest.slice(1) : `{}${rest}`
}

/** Whether a text holds no value: nothing but blanks and comments. */
function isBlank(text: string): boolean {
  return text.replaceAll(/\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '') === ''
}

function made(path: JsonPath, value: Json): string {
  return JSON.stringify(nest(path, value), null, 2)
}

/** The value that JSON text with comments holds; one without any holds an empty object. InvalidInput when it is broken. */
export function readJson(text: string): Json {
  if (isBlank(text)) return {}
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error !== undefined || value === undefined) {
    const line = text.slice(0, error?.offset ?? 0).split('\n').length
    throw new InvalidInput(`it is not JSON: see line ${line}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json // parsed from JSON
  throw new InvalidInput('it holds no JSON object')
}

/** The value at a path, or undefined. */
export function at(value: Json, path: JsonPath): Json | undefined {
  let found: Json | undefined = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.entries(found).find(([name]) => name === String(key))?.[1]
  }
  return found
}

function edit(text: string, path: JsonPath, value: Json): string {
  const there = find(text, path)
  if (there === undefined) return create(text, path, value)
  if (isFields(value) && there.type === 'object') {
    return Object.entries(value).reduce((done, [key, field]) => edit(done, [...path, key], field), text)
  }
  if (isDeepStrictEqual(at(readJson(text), path), value)) return text
  return replaceNode(text, there, JSON.stringify(value))
}

/** Makes the value in the innermost object of the way that is there. */
function create(text: string, path: JsonPath, value: Json): string {
  for (let depth = path.length - 1; ; depth--) {
    const container = find(text, path.slice(0, depth))
    if (container === undefined) continue
    if (container.type !== 'object') throw new InvalidInput(`${spell(path.slice(0, depth))} is not an object`)
    return insert(text, container, { key: String(path[depth]), value: nest(path.slice(depth + 1), value) })
  }
}

/** What is put into an object; into an array it has no key. */
interface Member {
  readonly key?: string
  readonly value: Json
}

function insert(text: string, container: Node, { key, value }: Member): string {
  const last = container.children?.at(-1)
  const name = key === undefined ? '' : `${JSON.stringify(key)}: `
  if (last === undefined) {
    // Right behind the bracket: so `removeJson` knows that it was there, and empty.
    const start = container.offset + 1
    return insertAt(text, start, name + spread(text, container.offset, value))
  }
  const first = container.children?.[0] ?? last
  const end = last.offset + last.length
  const comma = afterComma(text, end)
  if (lineBreakBefore(text, first.offset) === undefined) {
    const member = `${name}${inline(value)}`
    return comma === undefined ? insertAt(text, end, `, ${member}`) : insertAt(text, comma, ` ${member},`)
  }
  const place = restOfLine(text, comma ?? end)
  const eol = lineBreakOf(text)
  const member = `${eol}${indentAt(text, last.offset)}${name}${spread(text, last.offset, value)}`
  const added = insertAt(text, place, comma === undefined ? member : `${member},`)
  return comma === undefined ? insertAt(added, end, ',') : added
}

/** Removes a member with the comma that it needed, and the line break before it. */
function cut(text: string, container: Node, member: Node): string {
  const siblings = container.children ?? []
  const index = siblings.indexOf(member)
  const before = siblings[index - 1]
  const end = member.offset + member.length
  const comma = afterComma(text, end)
  const isFirst = before === undefined
  const start = isFirst && siblings.length === 1 ? member.offset : gapBefore(text, member, isFirst)
  if (comma !== undefined) return removeRange(text, start, comma)
  const rest = removeRange(text, start, end)
  const needless = before && afterComma(text, before.offset + before.length)
  return needless === undefined ? rest : removeRange(rest, needless - 1, needless)
}

/** Where the line break before a member begins; in one line, the blanks before it. */
function gapBefore(text: string, { offset }: Node, isFirst: boolean): number {
  const lineBreak = lineBreakBefore(text, offset)
  if (lineBreak !== undefined) return lineBreak
  return isFirst ? offset : text.slice(0, offset).trimEnd().length
}

/** Whether a container holds this member only, and was made for it: else the member follows the bracket at once. */
function isOurs(text: string, container: Node, member: Node): boolean {
  const inside = text.slice(container.offset + 1, container.offset + container.length - 1)
  const begin = member.offset - container.offset - 1
  const around = inside.slice(0, begin) + inside.slice(begin + member.length)
  return container.children?.length === 1 && begin > 0 && around.trim() === ''
}

function find(text: string, path: JsonPath): Node | undefined {
  readJson(text)
  const root = parseTree(text, [], { allowTrailingComma: true })
  return root && findNodeAtLocation(root, [...path])
}

/** The text of a value over several lines, as deep as the line that it begins in. */
function spread(text: string, offset: number, value: Json): string {
  const lines = JSON.stringify(value, null, firstIndent(text)).split('\n')
  return lines.join(lineBreakOf(text) + indentAt(text, offset))
}

/** The text of a value in one line, with blanks behind its brackets, by which `removeJson` knows it. */
function inline(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[ ${value.map(inline).join(', ')} ]`
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}: ${inline(field)}`)
  return `{ ${fields.join(', ')} }`
}

function insertAt(text: string, offset: number, added: string): string {
  return text.slice(0, offset) + added + text.slice(offset)
}

function removeRange(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(end)
}

function replaceNode(text: string, { offset, length }: Pick<Node, 'offset' | 'length'>, by: string): string {
  return text.slice(0, offset) + by + text.slice(offset + length)
}

function nest(path: JsonPath, value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value)
}

function includes(found: Json | undefined, value: Json): boolean {
  if (!isFields(value) || !isFields(found)) return isDeepStrictEqual(found, value)
  return Object.entries(value).every(([key, field]) => includes(found[key], field))
}

function isFields(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function spell(path: JsonPath): string {
  return path.length === 0 ? 'it' : `"${path.join('.')}"`
}
