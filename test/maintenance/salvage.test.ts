import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, test } from 'vitest'
import { salvage } from '../../src/db/worker/jobs/salvage.ts'
import { openMemory } from '../../src/open.ts'
import { newFolder } from '../support/folders.ts'
import { scratchFolder } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

/** What is saved of a store with 1,200 records, by how it is damaged. The seeds are fixed, and so are the figures. */

const records = 1200
const rounds = 40
const pageSize = 4096

/** A store that was closed, and one that was not: nearly all of it is in its log. */
let closed: Buffer
let open: Files
/** The rows on each page of memory_store in the closed one. */
let rowsOn: Map<number, number>
/** The pages of its schema. */
let schemaPages: number[]

const value = (i: number) => `v${i} ${'x'.repeat(150)}`

interface Files {
  db?: Buffer
  log?: Buffer
}

beforeAll(async () => {
  const file = path.join(newFolder('/tmp', 'hivewax-salvage-'), 'memory.db')
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  for (let i = 0; i < records; i += 50) {
    await memory.kv.storeMany(
      Array.from({ length: 50 }, (_, j) => ({ key: `k${i + j}`, value: value(i + j) })),
    )
  }
  open = { db: fs.readFileSync(file), log: fs.readFileSync(`${file}-wal`) }
  await memory.close()
  closed = fs.readFileSync(file)
  const db = new DatabaseSync(file, { readOnly: true })
  const leaves = db.prepare(
    "select pageno, ncell from dbstat where name = 'memory_store' and pagetype = 'leaf'",
  )
  rowsOn = new Map(leaves.all().map(({ pageno, ncell }) => [Number(pageno), Number(ncell)]))
  schemaPages = db
    .prepare("select pageno from dbstat where name = 'sqlite_schema'")
    .all()
    .map(({ pageno }) => Number(pageno))
  db.close()
  fs.rmSync(path.dirname(file), { recursive: true })
})

/** How many of the records are saved, and how many are said to be lost. Every one that is saved is as it was. */
async function saved({ db, log }: Files): Promise<{ recovered: number; lost: number }> {
  const folder = scratchFolder()
  const [file, target] = [path.join(folder, 'damaged.db'), path.join(folder, 'saved.db')]
  if (db !== undefined) fs.writeFileSync(file, db)
  if (log !== undefined) fs.writeFileSync(`${file}-wal`, log)
  const none = { report: () => {}, assertInPlace: () => {}, send: async () => {}, write: async () => {} }
  const { tables } = await salvage({ target, name: file }, { file, waitMs: 0, ...none })
  const result = new DatabaseSync(target, { readOnly: true })
  const intact = `key = 'k' || (id - 1) and value = '"v' || (id - 1) || ' ' || replace(hex(zeroblob(75)), '0', 'x') || '"'`
  expect(result.prepare(`select count(*) as n from memory_store where not (${intact})`).get()).toEqual({
    n: 0,
  })
  result.close()
  return tables.memory_store ?? { recovered: 0, lost: records }
}

/** The sum over all rounds of one kind of damage. None is refused: that would throw. */
async function sum(damage: () => Files, times = rounds): Promise<number> {
  let all = 0
  for (let round = 0; round < times; round++) all += (await saved(damage())).recovered
  return all
}

const copy = () => Buffer.from(closed)
const pages = () => closed.length / pageSize
function noise(bytes: Buffer, random: () => number): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256
}

test('of a file that is cut off all is saved that lies on the pages which are left', async () => {
  let left = 0
  const random = seeded(1)
  const all = await sum(() => {
    const length = Math.floor(random() * closed.length)
    for (const [page, rows] of rowsOn) if (page * pageSize <= length) left += rows
    return { db: closed.subarray(0, length) }
  })
  console.log(`cut off: ${all} rows saved of ${rounds * records}, ${left} of them on whole pages`)
  expect(left).toBeGreaterThan(0)
  expect(all).toBeGreaterThanOrEqual(left)
})

test('of a file whose header is damaged everything is saved', async () => {
  const random = seeded(2)
  const damaged = () => {
    const db = copy()
    const at = Math.floor(random() * 100)
    noise(db.subarray(at, at + 1 + Math.floor(random() * (100 - at))), random)
    return { db }
  }
  expect(await sum(damaged)).toBe(rounds * records)
})

test('of a file whose header says another size of pages everything is saved', async () => {
  for (const size of [512, 8192]) {
    const db = copy()
    db.writeUInt16BE(size, 16)
    expect(await saved({ db })).toMatchObject({ recovered: records, lost: 0 })
  }
})

test('of a file whose first page is gone, and with it the schema, everything is saved', async () => {
  expect(await saved({ db: copy().fill(0, 0, pageSize) })).toMatchObject({ recovered: records, lost: 0 })
  const db = copy()
  noise(db.subarray(0, pageSize), seeded(3))
  expect(await saved({ db })).toMatchObject({ recovered: records, lost: 0 })
  const withoutSchema = copy()
  for (const page of schemaPages) withoutSchema.fill(0, (page - 1) * pageSize, page * pageSize)
  expect(await saved({ db: withoutSchema })).toMatchObject({ recovered: records, lost: 0 })
})

test('of a file with pages that are empty, or in the place of each other, the rest is saved', async () => {
  const random = seeded(4)
  const empty = () => {
    const db = copy()
    for (let i = 0; i < 5; i++) {
      const page = Math.floor(random() * pages())
      db.fill(0, page * pageSize, (page + 1) * pageSize)
    }
    return { db }
  }
  // Five pages hold at most 85 of the rows.
  expect(await sum(empty, 10)).toBeGreaterThan(10 * (records - 85))
  const swapped = () => {
    const db = copy()
    for (let i = 0; i < 3; i++) {
      const [one, other] = [random(), random()].map(
        share => (1 + Math.floor(share * (pages() - 1))) * pageSize,
      )
      db.set(closed.subarray(one!, one! + pageSize), other)
      db.set(closed.subarray(other!, other! + pageSize), one)
    }
    return { db }
  }
  expect(await sum(swapped, 10)).toBeGreaterThan(10 * records * 0.99)
})

test('of a store whose log is damaged in the middle, what lies behind the damage is saved too', async () => {
  const random = seeded(6)
  for (let round = 0; round < 10; round++) {
    const log = Buffer.from(open.log!)
    const at = 32 + Math.floor(random() * (log.length - 32))
    log[at]! ^= 1
    expect((await saved({ ...open, log })).recovered).toBeGreaterThan(records - 50)
  }
  const log = Buffer.from(open.log!)
  noise(log.subarray(0, 8), random)
  expect((await saved({ ...open, log })).recovered).toBeGreaterThan(records - 50)
})

test('of a store whose log is damaged at its beginning, newer rows on older pages are saved too', async () => {
  const file = path.join(scratchFolder(), 'memory.db')
  fs.writeFileSync(file, closed)
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  // Each its own transaction, on pages that are in the file.
  for (let i = records; i < records + 3; i++) await memory.store(`k${i}`, value(i))
  const log = fs.readFileSync(`${file}-wal`)
  await memory.close()
  log[100]! ^= 1
  expect((await saved({ db: closed, log })).recovered).toBeGreaterThan(records + 1)
})

test('of a store whose log has no end, what was committed before is saved', async () => {
  const log = open.log!.subarray(0, Math.floor(open.log!.length * 0.9))
  const { recovered } = await saved({ ...open, log })
  expect(recovered).toBeGreaterThan(records / 2)
  expect(recovered % 50).toBe(0)
})

test('of a store whose file is gone, empty or cut off, what its log holds is saved', async () => {
  const { log } = open
  expect(await saved({ log: log! })).toMatchObject({ recovered: records, lost: 0 })
  expect(await saved({ db: Buffer.alloc(0), log: log! })).toMatchObject({ recovered: records, lost: 0 })
  expect(await saved({ db: open.db!.subarray(0, 50), log: log! })).toMatchObject({
    recovered: records,
    lost: 0,
  })
})

test('the log of another database beside a backup is left out', async () => {
  const db = copy()
  db.set([1, 1], 18)
  const log = Buffer.from(open.log!)
  expect(await saved({ db, log })).toMatchObject({ recovered: records, lost: 0 })
  const empty = copy().fill(0, 20 * pageSize)
  empty.set([1, 1], 18)
  expect((await saved({ db: empty, log })).recovered).toBe(0)
})
