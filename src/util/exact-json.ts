import { InvalidInput } from '../errors.ts'
import { isObject, type Json } from './json.ts'

/** Shorter numbers without an exponent are kept by JavaScript as they are. */
const mayBeLong = /[\d.]{16}|\d[eE]/

/** What strings and numbers a JSON text is made of. */
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs

const notKept =
  'Numbers are doubles here: whole ones are exact up to 9007199254740991. Write it as text, in quotes.'

/**
 * The value of a JSON text.
 * @param what names the text in errors, for example `VALUE` or `the body`
 * @throws InvalidInput when it is not JSON, or has a number that would become another one
 */
export function parseExactly(what: string, text: string): Json {
  const value = parseJson(what, text)
  assertKept(what, text)
  return value
}

/** The value of a JSON text, in which numbers that would become others are text. @throws SyntaxError */
export function parseKeeping(text: string): Json {
  if (!mayBeLong.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && !isKept(source) ? source : value
  })
}

/**
 * What somebody means by a text that may be JSON: what prints back as it is, and JSON objects, lists and strings; else the
 * text itself, as with `1.10`, which is a version. `why` tells of what looks like a value and was taken as text.
 * @throws InvalidInput for an object or a list with a number that would become another one
 */
export function readLoosely(what: string, text: string): { value: Json; why?: string } {
  const value = jsonIn(text)
  if (value === undefined)
    return { value: text, ...(/^\s*[[{]/.test(text) && { why: 'it is not whole JSON' }) }
  if (typeof value !== 'number') {
    assertKept(what, text)
    return { value }
  }
  const printed = Object.is(value, -0) ? '-0' : String(value)
  return printed === text ? { value } : { value: text, why: `as a number it would be ${printed}` }
}

/**
 * Refuses whole numbers in what others have parsed that may have been rounded by that.
 * @throws InvalidInput that names the place
 */
export function assertUnrounded(at: string, value: Json): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) assertUnrounded(`${at}[${i}]`, item)
  } else if (isObject(value)) {
    for (const [name, field] of Object.entries(value)) assertUnrounded(`${at}.${name}`, field)
  } else if (typeof value === 'number' && Number.isInteger(value) && isLong(value)) {
    throw new InvalidInput(`${at} is the whole number ${value}, which may have been rounded on its way`, {
      hint: notKept,
    })
  }
}

/** Whether a whole number is too large to be exact, and was written digit by digit. */
function isLong(number: number): boolean {
  return !Number.isSafeInteger(number) && Math.abs(number) < 1e21
}

/** Refuses JSON with a number that would become another one. */
function assertKept(what: string, text: string): void {
  if (!mayBeLong.test(text)) return
  for (const [token] of text.matchAll(stringOrNumber)) {
    if (token.startsWith('"') || isKept(token)) continue
    throw new InvalidInput(`${what} has the number ${shown(token)}, which would become ${Number(token)}`, {
      hint: notKept,
    })
  }
}

/** Whole numbers are exact or not kept; a fraction is the double next to it, as everywhere in JSON. */
function isKept(literal: string): boolean {
  const number = Number(literal)
  if (!Number.isFinite(number)) return false
  const { digits, exponent } = decimal(literal)
  if (exponent < 0) return number !== 0
  const kept = decimal(String(number))
  return kept.digits === digits && kept.exponent === exponent
}

/** A number as its significant digits and a power of ten: `1200` is 12 and 2, `0.50` is 5 and -1. */
function decimal(literal: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', power = '0'] =
    /^-?(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(literal) ?? []
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { digits, exponent: 0 }
  return { digits, exponent: Number(power) - fraction.length + all.length - digits.length }
}

function parseJson(what: string, text: string): Json {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInput(`${what} is not JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}

/** Undefined for what is no JSON. */
function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return
  }
}

function shown(literal: string): string {
  return literal.length > 40 ? `${literal.slice(0, 40)}…` : literal
}
