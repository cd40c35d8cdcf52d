import { InvalidInput } from '../errors.ts'

/**
 * A key, id or name as every engine can keep it apart from all others: well-formed Unicode (SQLite would map
 * every lone surrogate to the same character), no NUL (PostgreSQL refuses it), 1 to `maxBytes` bytes of UTF-8.
 * @param what names the argument in the error
 */
export function checkName(what: string, name: unknown, maxBytes = 512): string {
  if (typeof name !== 'string') throw new InvalidInput(`${what} must be a string, got ${describe(name)}`)
  if (name.length === 0) throw new InvalidInput(`${what} must not be empty`)
  if (name.length * 3 > maxBytes && Buffer.byteLength(name) > maxBytes) {
    throw new InvalidInput(`${what} is ${Buffer.byteLength(name)} bytes long; the limit is ${maxBytes}`)
  }
  if (!name.isWellFormed()) throw new InvalidInput(`${what} holds a lone surrogate: ${JSON.stringify(name)}`)
  if (name.includes('\0')) throw new InvalidInput(`${what} holds a NUL character: ${JSON.stringify(name)}`)
  return name
}

/** Text for people (a description, a type): as a name, but up to 64 KiB. */
export function checkText(what: string, text: unknown): string {
  return checkName(what, text, 65_536)
}

/** A whole number from `min` to `max`, or InvalidInput. */
// biome-ignore lint/complexity/useMaxParams: every operation checks some, and none is to make an object for it.
export function checkInteger(
  what: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new InvalidInput(`${what} must be a whole number from ${min} to ${max}, got ${describe(value)}`)
}

/** A finite number from `min` to `max`, or InvalidInput. */
// biome-ignore lint/complexity/useMaxParams: as of `checkInteger`.
export function checkNumber(
  what: string,
  value: unknown,
  min = -Number.MAX_VALUE,
  max = Number.MAX_VALUE,
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value
  throw new InvalidInput(`${what} must be a number from ${min} to ${max}, got ${describe(value)}`)
}

/** One of a few words, or InvalidInput that lists them. */
export function checkOneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find(word => word === value)
  if (found !== undefined) return found
  throw new InvalidInput(`${what} must be one of ${allowed.join(', ')}, got ${describe(value)}`)
}

/** An array of so many entries at most, or InvalidInput. */
export function checkList(what: string, list: unknown, maxCount: number): void {
  if (!Array.isArray(list)) throw new InvalidInput(`${what} must be an array, got ${describe(list)}`)
  if (list.length > maxCount)
    throw new InvalidInput(`${what} has ${list.length} entries; the limit is ${maxCount}`)
}

/** An array of names (ids, capabilities …) without duplicates, in the given order. */
export function checkNames(what: string, names: unknown, maxCount = 10_000): string[] {
  if (!Array.isArray(names))
    throw new InvalidInput(`${what} must be an array of strings, got ${describe(names)}`)
  if (names.length > maxCount)
    throw new InvalidInput(`${what} has ${names.length} entries; the limit is ${maxCount}`)
  return [...new Set(names.map((name, i) => checkName(`${what}[${i}]`, name)))]
}

/** A value as an error message shows it: short, and never multi-line. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
