import fs from 'node:fs'
import { hasLog, logOf } from '../../util/database-files.ts'
import { committedFrames } from '../sqlite/committed-frames.ts'
import { type FileHeader, headerBytes, parseHeader } from '../sqlite/file-header.ts'
import { isPageSize, LogFrames, type ReadAt } from '../sqlite/log-frames.ts'

/** That of every store which we have made. */
const usualPageSize = 4096

/** How the second page of our stores begins: it says that the third is the root of a table. */
export const mapBegin = Buffer.from([1, 0, 0, 0, 0])

/** A page that is not where it belongs. */
export interface LoosePage {
  readonly number: number
  readonly bytes: Buffer
}

/** The pages of a private copy of a database, with those of its log, however damaged they are. */
export class PageImage {
  readonly pageSize: number
  /** The highest page that there is anything of. */
  readonly count: number
  /**
   * What the log holds behind a place where it is damaged: SQLite does not read it. It may be newer than the pages of the
   * same number, or be left of a transaction that was not.
   */
  readonly behindDamage: readonly LoosePage[]
  /** Undefined when it is damaged. */
  readonly header: FileHeader | undefined
  readonly #file: ReadAt
  readonly #log: ReadAt
  readonly #inLog = new Map<number, number>()
  readonly #handles: number[] = []

  constructor(file: string) {
    this.#file = this.#open(file)
    this.header = parseHeader(this.#file(0, headerBytes))
    this.#log = this.#open(hasLog(file) && this.header?.usesLog !== false ? logOf(file) : undefined)
    this.pageSize = this.#findPageSize()
    const inFile = fs.existsSync(file) ? Math.ceil(fs.statSync(file).size / this.pageSize) : 0
    this.behindDamage = this.#readLog(inFile)
    this.count = [...this.#inLog.keys()].reduce((highest, page) => Math.max(highest, page), inFile)
  }

  /** The bytes of a page; fewer where the file is cut off, none where it has ended. */
  page(number: number): Buffer {
    if (number < 1) return Buffer.alloc(0)
    const inLog = this.#inLog.get(number)
    if (inLog !== undefined) return this.#log(inLog, this.pageSize)
    return this.#file((number - 1) * this.pageSize, this.pageSize)
  }

  close(): void {
    for (const handle of this.#handles) fs.closeSync(handle)
  }

  #open(file: string | undefined): ReadAt {
    if (file === undefined || !fs.existsSync(file)) return () => Buffer.alloc(0)
    const handle = fs.openSync(file, 'r')
    this.#handles.push(handle)
    return (offset, length) => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, fs.readSync(handle, bytes, 0, length, offset))
    }
  }

  /** What the headers say, unless the second page says otherwise. */
  #findPageSize(): number {
    const header = this.#file(0, headerBytes)
    const written = parseHeader(header) === undefined ? 0 : header.readUInt16BE(16)
    // 65,536 does not fit, and is written as 1.
    const sizes = [written === 1 ? 65_536 : written, new LogFrames(this.#log, usualPageSize).pageSize]
    const possible = sizes.filter(isPageSize)
    const isSecondPage = (size: number) => this.#file(size, mapBegin.length).equals(mapBegin)
    return [...possible, usualPageSize].find(isSecondPage) ?? possible[0] ?? usualPageSize
  }

  /** Takes in what SQLite would, and pages that are nowhere else; returns what it leaves out. */
  #readLog(inFile: number): LoosePage[] {
    const frames = new LogFrames(this.#log, this.pageSize)
    if (frames.pageSize !== this.pageSize) return []
    const { committed, behind } = committedFrames(frames)
    for (const frame of committed) this.#inLog.set(frame.page, frames.pageOffset(frame))
    const isKnown = new Set(this.#inLog.keys())
    for (const frame of behind)
      if (frame.page > inFile && !isKnown.has(frame.page))
        this.#inLog.set(frame.page, frames.pageOffset(frame))
    return behind.map(frame => ({
      number: frame.page,
      bytes: this.#log(frames.pageOffset(frame), this.pageSize),
    }))
  }
}
