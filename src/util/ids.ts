import { randomBytes } from 'node:crypto'

/** Random bytes for many ids, which the system gives at the price of one. */
let pool = Buffer.alloc(0)

/**
 * A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits, so that ids made later sort later.
 * @param nowMs the wall clock in milliseconds since the epoch
 */
export function uuidv7(nowMs: number): string {
  if (pool.length === 0) pool = randomBytes(16 * 128)
  const bytes = pool.subarray(0, 16)
  pool = pool.subarray(16)
  bytes.writeUIntBE(nowMs, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
