import fs from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import { errorFromJson, errorTable, HivewaxError } from '../errors.ts'
import { visible } from '../util/visible.ts'

/** What stands for a place of this machine, for those who are not on it. */
const somewhere = '(a place of the server)'

/** An address of a database or server; where a connection went that failed; a path from the root, where it begins with a folder that is there. */
const address = /\b(?:postgres(?:ql)?|https?|file):\/\/[^\s'"]+/gi
const peer = /\b(E[A-Z]{3,}) (?:[\w.-]+|\[?[\da-f:.]+\]?):\d+/g
const absolutePath = /(?<![\w.~/:-])(?:\/[^\s/'"`:;,()]+(?:\/[^\s'"`:;,()]*)?|[A-Z]:\\[^\s'"`;,()]+)/g

/** The details of an error that a caller has given or stored. All others may hold places. */
const callers = new Set(['key', 'value', 'input'])

/**
 * An error as callers from elsewhere are told it: what they did wrong, but neither where files of this machine are, nor which
 * database it uses, and nothing of one that is not ours, since it may hold anything. What it holds of records stays as it is.
 * What is kept back of the server's own failures its log has.
 */
export function concealed(error: unknown): HivewaxError {
  if (!(error instanceof HivewaxError)) {
    log(error)
    return new HivewaxError('storage', 'the server failed; its log says why')
  }
  const { message, hint, details, ...rest } = error.toJSON()
  const told = errorFromJson({
    ...rest,
    message: withoutPlaces(message),
    ...(hint !== undefined && { hint: withoutPlaces(hint) }),
    ...(details !== undefined && { details: detailsWithoutPlaces(details) }),
  })
  if (told.message !== message && errorTable[error.code].status === 500) log(message)
  return told
}

function log(what: unknown): void {
  console.error(visible(inspect(what)))
}

function detailsWithoutPlaces(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const told = Object.entries(details).map(([name, value]) => {
    return [name, callers.has(name) ? value : valueWithoutPlaces(value)]
  })
  return Object.fromEntries(told)
}

function valueWithoutPlaces(value: unknown): unknown {
  if (typeof value === 'string') return withoutPlaces(value)
  if (Array.isArray(value)) return value.map(valueWithoutPlaces)
  return typeof value === 'object' && value !== null ? detailsWithoutPlaces({ ...value }) : value
}

function withoutPlaces(text: string): string {
  return text
    .replace(address, somewhere)
    .replace(peer, '$1')
    .replace(absolutePath, found => (isHere(found) ? somewhere : found))
}

/** Keys may look like paths: those of this machine begin with a folder that it has. */
function isHere(found: string): boolean {
  const [, first = ''] = found.split(path.sep)
  return /^[A-Z]:/.test(found) || (first !== '' && fs.existsSync(`/${first}`))
}
