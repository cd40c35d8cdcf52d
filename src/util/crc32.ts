/** CRC-32 as of zlib and PNG: the reversed polynomial of ISO 3309, https://www.w3.org/TR/png-3/#D-CRCAppendix. */
const polynomial = 0xedb88320

/**
 * How many characters a process computes itself before it loads zlib, which takes as long as computing a million: one
 * command that reads a few records ends sooner. From then on zlib is several times as fast.
 */
const ownLength = 50_000

/** Up to here a text is computed sooner than zlib is called. */
const shortLength = 32

let left = ownLength

let table: Int32Array | undefined

/**
 * The CRC-32 of a text as UTF-8, as a signed number of 32 bits.
 * @param before that of the text before it, which goes on with this one: to put both together would take longer than this
 */
export function crc32(text: string, before = 0): number {
  if (text.length > shortLength) {
    if (left < text.length) return byZlib(text, before)
    left -= text.length
  }
  table ??= makeTable()
  let crc = ~before
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return ofBytes(table, Buffer.from(text), before)
    crc = (crc >>> 8) ^ (table[(crc ^ code) & 255] as number)
  }
  return ~crc
}

function ofBytes(table: Int32Array, bytes: Buffer, before: number): number {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] as number)
  return ~crc
}

let ofZlib: ((text: string, before: number) => number) | undefined

function byZlib(text: string, before: number): number {
  ofZlib ??= process.getBuiltinModule('node:zlib').crc32
  return ofZlib(text, before >>> 0) | 0
}

/** The checksums of all bytes. */
function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0)
    return crc
  })
}
