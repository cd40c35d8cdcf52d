import { InvalidInput } from '../errors.ts'
import { checkName, describe } from '../util/check.ts'
import { decodeLoose, encodeJson, isObject } from '../util/json.ts'

export type Tag = string | number | boolean

/**
 * What tells measurements of one name apart: few values each (a route, an agent), never an id per request.
 */
export type Tags = Record<string, Tag>

const maxTags = 32
const maxTagsBytes = 4096

/** The column's text for tags: names in order, so that equal tags are equal text. Undefined for none. */
export function encodeTags(tags: Tags | undefined): string | undefined {
  if (tags === undefined) return undefined
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) {
    throw new InvalidInput(`tags must be an object such as { route: '/home' }, got ${describe(tags)}`)
  }
  const entries = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length > maxTags)
    throw new InvalidInput(`there are ${entries.length} tags; the limit is ${maxTags}`)
  for (const [name, value] of entries) {
    checkName('the name of a tag', name, 128)
    if (!isScalar(value)) throw new InvalidInput(`tag ${describe(name)} must be text, a number or a boolean`)
  }
  return entries.length === 0 ? undefined : encodeJson('tags', Object.fromEntries(entries), maxTagsBytes)
}

/** Reads the column. What a foreign writer put there that is not a tag is left out. */
export function decodeTags(text: string | null): Tags {
  const tags = text === null ? {} : decodeLoose(text)
  if (!isObject(tags)) return {}
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, value]) => (isScalar(value) ? [[name, value]] : [])),
  )
}

function isScalar(value: unknown): value is Tag {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
