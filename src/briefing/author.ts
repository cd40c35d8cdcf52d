import { isObject, type Json } from '../util/json.ts'

/** Who wrote a record, where its metadata says it. */
export function authorIn(metadata: Json | undefined): string | undefined {
  return metadata !== undefined && isObject(metadata) && typeof metadata.writtenBy === 'string'
    ? metadata.writtenBy
    : undefined
}
