import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { escaped, sliced, tokens } from '../util/model-text.ts'

/** What an answer needs besides its data, in characters. */
const overhead = 400

/** How many characters the data of an answer may take. */
export function roomFor(maxTokens: unknown = tokens.usual): number {
  const { least, most, characters } = tokens
  if (typeof maxTokens === 'number' && Number.isInteger(maxTokens) && maxTokens >= least && maxTokens <= most)
    return maxTokens * characters - overhead
  throw new InvalidInput(
    `maxTokens must be a whole number from ${least} to ${most}, got ${describe(maxTokens)}`,
  )
}

/** How many tokens an answer has whose data may take so many characters. */
export function tokensFor(room: number): number {
  return Math.floor((room + overhead) / tokens.characters)
}

/** How long an item of an index may be, where cutting its texts can make it so. */
const indexItem = 440

/** How long texts may be until it fits, in an index and in whatever else is too long. */
const indexTexts = [160, 60, 24] as const
const texts = [20_000, 8_000, 3_000, 1_200, 500, ...indexTexts] as const

/** A caller needs these to ask for all of a record, so they stay whole. */
const names = new Set(['id', 'key', 'name', 'namespace', 'agentId', 'swarmId', 'type'])

/** Any result of an operation as plain JSON: times are ISO 8601 text, a Map is an object. */
export function plain(value: unknown): Json {
  if (value === undefined) return null
  return JSON.parse(
    JSON.stringify(value, (_key, inner) => (inner instanceof Map ? Object.fromEntries(inner) : inner)),
  )
}

/** A value with its texts cut until it fits; and whether they were. */
export function fitValue(value: Json, room: number): { value: Json; isCut: boolean } {
  if (escaped(value).length <= room) return { value, isCut: false }
  for (const longest of texts) {
    const cut = clip(value, longest)
    if (escaped(cut).length <= room) return { value: cut, isCut: true }
  }
  return { value: sliced(escaped(clip(value, 24)), 0, Math.floor(room / 3)), isCut: true }
}

/** As many items of a list as fit, at least one, their texts cut as in an index. */
export function fitItems(items: readonly Json[], room: number): { items: Json[]; isCut: boolean } {
  const shown: Json[] = []
  let left = room - 2
  for (const item of items) {
    const short = indexed(item)
    const { length } = escaped(short)
    if (length + 1 > left) break
    left -= length + 1
    shown.push(short)
  }
  const [first] = items
  if (shown.length === 0 && first !== undefined) shown.push(fitValue(first, room - 2).value)
  return { items: shown, isCut: shown.some((item, i) => JSON.stringify(item) !== JSON.stringify(items[i])) }
}

function indexed(item: Json): Json {
  const cuts = indexTexts.map(longest => clip(item, longest))
  return cuts.find(cut => JSON.stringify(cut).length <= indexItem) ?? cuts.at(-1) ?? null
}

/** A copy whose texts, lists and objects are cut to about a length; what is left out is counted. */
function clip(value: Json, longest: number, depth = 0): Json {
  if (typeof value === 'string') {
    const more = value.length - longest
    return more <= 0 ? value : `${sliced(value, 0, longest)}… [${more} more characters]`
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth > 8) return '… [too deep to show here]'
  if (Array.isArray(value)) {
    const most = mostItems(longest)
    const items = value.slice(0, most).map(item => clip(item, longest, depth + 1))
    return value.length > most ? [...items, `… [${value.length - most} more]`] : items
  }
  return clipObject(value, longest, depth)
}

/** How many items of a list are shown where texts are cut to a length. */
const mostItems = (longest: number) => Math.max(4, Math.ceil(longest / 8))

function clipObject(value: { [key: string]: Json }, longest: number, depth: number): Json {
  const most = Math.max(mostItems(longest), depth === 0 ? 24 : 8)
  const entries = Object.entries(value)
  const shown = entries
    .slice(0, most)
    .map(([name, inner]): [string, Json] => [
      clipName(name, longest),
      depth === 0 && names.has(name) && typeof inner === 'string' ? inner : clip(inner, longest, depth + 1),
    ])
  if (entries.length > most) shown.push(['…', `[${entries.length - most} more fields]`])
  return Object.fromEntries(shown)
}

const clipName = (name: string, longest: number) =>
  name.length > longest * 2 ? `${sliced(name, 0, longest)}…` : name
