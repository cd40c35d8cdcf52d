import { hash } from 'node:crypto'
import type { Cell } from './endpoint.ts'

/** Half of a checksum wraps here: sums of two such numbers are still exact. */
const modulus = 2 ** 48

/** The count and the checksum of rows in whatever order: the sum of the SHA-256 of each. */
export class RowChecksum {
  #rows = 0
  #high = 0
  #low = 0

  /** Goes on from what `toString` wrote. */
  static parse(text: string): RowChecksum {
    const parsed = new RowChecksum()
    const [rows = '0', digits = '0'] = text.split(' ')
    parsed.#rows = Number(rows)
    parsed.#high = Number.parseInt(digits.slice(0, 12), 16)
    parsed.#low = Number.parseInt(digits.slice(12), 16)
    return parsed
  }

  get rows(): number {
    return this.#rows
  }

  add(row: readonly Cell[]): void {
    const digest = hash('sha256', JSON.stringify(row), 'buffer')
    this.#rows++
    this.#high = (this.#high + digest.readUIntBE(0, 6)) % modulus
    this.#low = (this.#low + digest.readUIntBE(6, 6)) % modulus
  }

  /** 24 hexadecimal digits. */
  get checksum(): string {
    return [this.#high, this.#low].map(half => half.toString(16).padStart(12, '0')).join('')
  }

  /** Equal for equal rows. */
  toString(): string {
    return `${this.#rows} ${this.checksum}`
  }
}
