import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Overwrites `count` pages that hold rows of `table`, chosen and filled at random, in a file that nobody has open.
 * Returns how many rows were on them.
 */
export function damage(file: string, table: string, count: number, random: () => number): number {
  const db = new DatabaseSync(file, { readOnly: true })
  const leaves = db
    .prepare("select pageno, ncell from dbstat where name = ? and pagetype = 'leaf' order by pageno")
    .all(table)
  const size = Number(db.prepare('pragma page_size').get()?.page_size)
  db.close()
  let rows = 0
  const handle = fs.openSync(file, 'r+')
  for (let i = 0; i < count; i++) {
    const [leaf] = leaves.splice(Math.floor(random() * leaves.length), 1)
    rows += Number(leaf?.ncell)
    const noise = Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)))
    fs.writeSync(handle, noise, 0, size, (Number(leaf?.pageno) - 1) * size)
  }
  fs.closeSync(handle)
  return rows
}
