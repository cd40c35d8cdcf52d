/** CRC-32 as of zlib and PNG: the reversed polynomial of ISO 3309, https://www.w3.org/TR/png-3/#D-CRCAppendix. */
const polynomial = 0xedb88320

/**
 * How many characters a process computes itself before it loads zlib, which takes as long as computing a million: one
 * command that reads a few records ends sooner. From then on zlib is several times as fast.
 */
const ownLength = 50_000

let left = ownLength

let table: Int32Array | undefined

/** The CRC-32 of a text as UTF-8, as a signed number of 32 bits. */
export function crc32(text: string): number {
  if (left < text.length) return byZlib(text)
  left -= text.length
  table ??= makeTable()
  let crc = -1
  for (const byte of Buffer.from(text)) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] as number)
  return ~crc
}

let ofZlib: ((text: string) => number) | undefined

function byZlib(text: string): number {
  ofZlib ??= process.getBuiltinModule('node:zlib').crc32
  return ofZlib(text) | 0
}

/** The checksums of all bytes. */
function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0)
    return crc
  })
}
