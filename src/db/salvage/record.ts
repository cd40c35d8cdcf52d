/** A value as SQLite has stored it. */
export type Value = null | number | bigint | string | Uint8Array

/** A number of one to nine bytes, https://sqlite.org/fileformat2.html#varint, and where the next thing begins. */
export function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes.readUInt8(at + i)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return [value, at + i + 1]
  }
  // Eight of them hold 56 bits; only a negative number takes nine, and none of ours is.
  throw new RangeError('a number is out of range')
}

/**
 * The values of a row, https://sqlite.org/fileformat2.html#record_format
 * @throws RangeError when it is none
 */
export function decodeRecord(payload: Buffer): Value[] {
  const [headerLength, first] = varint(payload, 0)
  if (headerLength > payload.length) throw new RangeError('a record is cut off')
  const values: Value[] = []
  let at = headerLength
  for (let next = first; next < headerLength; ) {
    const [type, after] = varint(payload, next)
    const length = lengthOf(type)
    if (at + length > payload.length) throw new RangeError('a record is cut off')
    values.push(decodeValue(type, payload.subarray(at, at + length)))
    at += length
    next = after
  }
  if (at !== payload.length) throw new RangeError('a record is longer than its values')
  return values
}

const integerLengths = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  const length = integerLengths[type]
  if (length === undefined) throw new RangeError(`no value is of type ${type}`)
  return length
}

function decodeValue(type: number, bytes: Buffer): Value {
  if (type >= 12) return type % 2 === 0 ? Uint8Array.from(bytes) : bytes.toString('utf8')
  if (type === 0) return null
  if (type >= 8) return type - 8
  if (type === 7) return bytes.readDoubleBE(0)
  if (type === 6) return safe(bytes.readBigInt64BE(0))
  return bytes.readIntBE(0, bytes.length)
}

function safe(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
