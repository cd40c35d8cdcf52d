import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** A bit of a file. */
export interface Bit {
  readonly at: number
  readonly mask: number
}

/** The stretches of a store's file in which the records of a table or an index lie: from a byte up to another. */
export function cellsOf(file: string, name: string): [from: number, to: number][] {
  const db = new DatabaseSync(file, { readOnly: true })
  const size = Number(db.prepare('pragma page_size').get()?.page_size)
  const pages = db
    .prepare("select pageno from dbstat where name = ? and pagetype = 'leaf' order by pageno")
    .all(name)
  db.close()
  const bytes = fs.readFileSync(file)
  return pages.flatMap(({ pageno }) => cellsOnPage(bytes, (Number(pageno) - 1) * size, size))
}

/** A page begins with 8 bytes, the cells' count among them, and then says where each begins; the last ends the page. */
function cellsOnPage(bytes: Buffer, page: number, size: number): [number, number][] {
  const count = bytes.readUInt16BE(page + 3)
  const starts = Array.from({ length: count }, (_, i) => bytes.readUInt16BE(page + 8 + 2 * i)).sort(
    (a, b) => a - b,
  )
  return starts.map((start, i) => [page + start, page + (starts[i + 1] ?? size)])
}

/** The indexes of a table. */
export function indexesOf(file: string, table: string): string[] {
  const db = new DatabaseSync(file, { readOnly: true })
  const rows = db.prepare('select name from pragma_index_list(?)').all(table)
  db.close()
  return rows.map(row => String(row.name))
}

/** The same bytes with one bit turned. */
export function flipped(bytes: Buffer, { at, mask }: Bit): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(at) ^ mask, at)
  return copy
}

/** A bit anywhere in one of these stretches. */
export function anyBit(stretches: readonly [from: number, to: number][], random: () => number): Bit {
  const [from, to] = stretches[Math.floor(random() * stretches.length)] ?? [0, 0]
  return { at: from + Math.floor(random() * (to - from)), mask: 1 << Math.floor(random() * 8) }
}
