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

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
