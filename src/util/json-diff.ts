import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json } from './json.ts'

/** One step from a value to another, as JSON Patch has it (RFC 6902), with what was there before. */
export interface JsonChange {
  op: 'add' | 'remove' | 'replace'
  /** Where, as a JSON pointer (RFC 6901): `/a/0`; '' for the whole value. */
  path: string
  /** What is there now; undefined for `remove`. */
  value: Json | undefined
  /** What was there; undefined for `add`. */
  was: Json | undefined
}

/**
 * The steps that make one value of another, in the order in which a JSON Patch makes them. In a list what is the same at its
 * beginning and its end is left out, and the rest compared item by item.
 */
export function jsonDiff(was: Json, value: Json, path = ''): JsonChange[] {
  if (Array.isArray(was) && Array.isArray(value)) return listDiff(was, value, path)
  if (isObject(was) && isObject(value)) return objectDiff(was, value, path)
  return isDeepStrictEqual(was, value) ? [] : [{ op: 'replace', path, value, was }]
}

type JsonObject = { [key: string]: Json }

function objectDiff(was: JsonObject, value: JsonObject, path: string): JsonChange[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(value)])]
  return names.flatMap((name): JsonChange[] => {
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const [before, now] = [fieldOf(was, name), fieldOf(value, name)]
    if (before === undefined) return [{ op: 'add', path: at, value: now, was: undefined }]
    if (now === undefined) return [{ op: 'remove', path: at, value: undefined, was: before }]
    return jsonDiff(before, now, at)
  })
}

function listDiff(was: readonly Json[], value: readonly Json[], path: string): JsonChange[] {
  const shorter = Math.min(was.length, value.length)
  const isSame = (i: number, j: number) => isDeepStrictEqual(was.at(i), value.at(j))
  let start = 0
  while (start < shorter && isSame(start, start)) start++
  let end = 0
  while (end < shorter - start && isSame(-1 - end, -1 - end)) end++
  const [before, now] = [was.slice(start, was.length - end), value.slice(start, value.length - end)]
  const paired = Math.min(before.length, now.length)
  const at = (i: number) => `${path}/${start + i}`
  return [
    ...before.slice(0, paired).flatMap((item, i) => jsonDiff(item, now[i] as Json, at(i))),
    ...now.slice(paired).map(
      (item, i): JsonChange => ({
        op: 'add',
        path: at(paired + i),
        value: item,
        was: undefined,
      }),
    ),
    // From the end, so that each is still where its path says.
    ...before
      .map((item, i): JsonChange => ({ op: 'remove', path: at(i), value: undefined, was: item }))
      .slice(paired)
      .toReversed(),
  ]
}

function fieldOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
