/** The sizes of the header of a log and of that before each page in it, https://sqlite.org/fileformat2.html#walformat */
const logHeaderBytes = 32
const frameHeaderBytes = 24

/** What the magic number of a log is, but for its last bit, which is set when its checksums are of big-endian words. */
const logMagic = 0x377f0682

/** Two words, cumulative over all that is before. */
type Checksum = readonly [number, number]

/** A page as a transaction has left it. */
export interface Frame {
  /** Its place in the log, from 0. */
  readonly place: number
  readonly page: number
  /** How many pages the database had after it, when a transaction ends with it; else 0. */
  readonly pagesAtCommit: number
  /** False when its bytes are not what was written. */
  readonly isWhole: boolean
}

/** Gives the bytes from an offset on; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Buffer

/** A log as SQLite has written it. */
export class LogFrames {
  readonly pageSize: number
  /** False when the header is damaged: then SQLite reads nothing of the log. */
  readonly isHeaderWhole: boolean
  readonly #read: ReadAt
  readonly #salts: Buffer
  readonly #isBigEndian: boolean
  readonly #checksum: Checksum

  /** @param usualPageSize what to go by when the header does not say it */
  constructor(read: ReadAt, usualPageSize: number) {
    const header = Buffer.concat([read(0, logHeaderBytes)], logHeaderBytes)
    this.#read = read
    this.#checksum = [header.readInt32BE(24), header.readInt32BE(28)]
    this.#isBigEndian = header.readUInt32BE(0) === logMagic + 1
    const [first, second] = this.#sum([0, 0], header.subarray(0, 24))
    this.isHeaderWhole =
      (header.readUInt32BE(0) & ~1) === logMagic &&
      first === this.#checksum[0] &&
      second === this.#checksum[1]
    const pageSize = header.readUInt32BE(8)
    this.pageSize = isPageSize(pageSize) ? pageSize : usualPageSize
    this.#salts = this.isHeaderWhole ? header.subarray(16, 24) : read(logHeaderBytes + 8, 8)
  }

  /** Where the page of a frame begins in the log, in bytes. */
  pageOffset({ place }: Frame): number {
    return this.#offset(place) + frameHeaderBytes
  }

  #offset(place: number): number {
    return logHeaderBytes + place * (frameHeaderBytes + this.pageSize)
  }

  /** The frames from the first to the last of the file; those of an earlier use of it are not whole. */
  *[Symbol.iterator](): Generator<Frame, void, undefined> {
    let before = this.#checksum
    for (let place = 0; ; place++) {
      const bytes = this.#read(this.#offset(place), frameHeaderBytes + this.pageSize)
      if (bytes.length < frameHeaderBytes + this.pageSize) return
      const written: Checksum = [bytes.readInt32BE(16), bytes.readInt32BE(20)]
      const isOfThisUse = bytes.subarray(8, 16).equals(this.#salts)
      const found = this.#sum(this.#sum(before, bytes.subarray(0, 8)), bytes.subarray(frameHeaderBytes))
      const isWhole = isOfThisUse && found[0] === written[0] && found[1] === written[1]
      yield { place, page: bytes.readUInt32BE(0), pagesAtCommit: bytes.readUInt32BE(4), isWhole }
      // That of a damaged frame too, on which the next one builds: it tells that this was written, and what is damaged.
      before = written
    }
  }

  #sum([first, second]: Checksum, bytes: Buffer): Checksum {
    let [a, b] = [first, second]
    for (let at = 0; at < bytes.length; at += 8) {
      if (this.#isBigEndian) {
        a = (a + bytes.readInt32BE(at) + b) | 0
        b = (b + bytes.readInt32BE(at + 4) + a) | 0
      } else {
        a = (a + bytes.readInt32LE(at) + b) | 0
        b = (b + bytes.readInt32LE(at + 4) + a) | 0
      }
    }
    return [a, b]
  }
}

/** Whether it is a size that pages can have. */
export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0
}
