import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, test } from 'vitest'
import { copy } from '../../src/db/worker/jobs/copy-file.ts'
import { health } from '../../src/db/worker/jobs/inspect-file.ts'
import type { JobContext } from '../../src/db/worker/jobs/job.ts'
import { Corrupt, HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'
import { startChild } from '../support/child.ts'
import { newFolder } from '../support/folders.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

const flips = 80

/** A store that was closed, and the two files of one that was not. */
let closed: Buffer
let open: { db: Buffer; log: Buffer }

beforeAll(async () => {
  const file = path.join(newFolder('/tmp', 'hivewax-doctor-'), 'memory.db')
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  for (let i = 0; i < 20; i++) {
    await memory.kv.storeMany(
      Array.from({ length: 50 }, (_, j) => ({ key: `k${i * 50 + j}`, value: 'x'.repeat(150) })),
    )
    await memory.logEvent('stored', { i })
  }
  open = { db: fs.readFileSync(file), log: fs.readFileSync(`${file}-wal`) }
  await memory.close()
  closed = fs.readFileSync(file)
  fs.rmSync(path.dirname(file), { recursive: true })
})

/** Whether a job finds a file damaged, or cannot even open it. */
async function findsDamage(look: (context: JobContext) => Promise<boolean>, file: string): Promise<boolean> {
  try {
    const none = { report: () => {}, assertInPlace: () => {}, send: async () => {}, write: async () => {} }
    return await look({ file, waitMs: 0, ...none })
  } catch (error) {
    if (error instanceof HivewaxError) return true
    throw error
  }
}

test('the doctor finds every damage of one bit that a backup finds', async () => {
  const random = seeded(11)
  const folder = scratchFolder()
  const [file, target] = [path.join(folder, 'damaged.db'), path.join(folder, 'backup.db')]
  const found = { doctor: 0, backup: 0, quickly: 0 }
  for (let flip = 0; flip < flips; flip++) {
    const bytes = Buffer.from(closed)
    const at = Math.floor(random() * bytes.length)
    bytes[at]! ^= 1 << Math.floor(random() * 8)
    fs.writeFileSync(file, bytes)
    for (const name of fs.readdirSync(folder)) if (name !== 'damaged.db') fs.rmSync(path.join(folder, name))
    const byDoctor = await findsDamage(
      async context => (await health(undefined, context)).problems.length > 0,
      file,
    )
    const byBackup = await findsDamage(context => copy(target, context).then(() => false), file)
    if (!byBackup) expect(isSound(target, 'integrity_check'), `bit at ${at}`).toBe(true)
    found.quickly += Number(!isSound(file, 'quick_check'))
    if (byBackup) expect(byDoctor, `bit at ${at}`).toBe(true)
    found.doctor += Number(byDoctor)
    found.backup += Number(byBackup)
  }
  console.log(`${flips} flips: the doctor finds ${found.doctor}, a backup ${found.backup}`)
  expect(found.backup).toBeGreaterThan(found.quickly)
})

/** What SQLite says of a file by one of its checks. */
function isSound(file: string, check: string): boolean {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return Object.values(db.prepare(`pragma ${check}(1)`).get() ?? {})[0] === 'ok'
  } catch {
    return false
  } finally {
    db.close()
  }
}

/** A store as a crash leaves it. */
function crashed(log: Buffer): string {
  const file = scratchFile()
  fs.writeFileSync(file, open.db)
  fs.writeFileSync(`${file}-wal`, log)
  return file
}

/** The log with one bit of it changed, at this share of its length. */
function flipped(log: Buffer, share: number): Buffer {
  const bytes = Buffer.from(log)
  bytes[Math.floor(log.length * share)]! ^= 1
  return bytes
}

test('a log that is damaged before its end is told when a store is opened after a crash, and stays', async () => {
  for (const log of [flipped(open.log, 0.5), flipped(open.log, 0.00001)]) {
    const file = crashed(log)
    const error = await openMemory(file).catch(each => each)
    expect(error).toBeInstanceOf(Corrupt)
    expect(error).toMatchObject({
      message: expect.stringMatching(/log.*damaged: \d+ transactions/),
      hint: expect.stringMatching(/recover/),
    })
    expect(fs.readFileSync(`${file}-wal`).equals(log)).toBe(true)
  }
})

test('a log that ends in the middle of a transaction is what a crash leaves: the store opens', async () => {
  const { log: whole } = open
  const frame = 24 + 4096
  // Whole, without its end, and with a page of its last transaction that did not reach the disk before the power was cut.
  for (const log of [whole, whole.subarray(0, -100), flipped(whole, 1 - (1.5 * frame) / whole.length)]) {
    const memory = await openScratch({}, crashed(log))
    expect(await memory.retrieve('k0')).toBe('x'.repeat(150))
    const { checks } = await memory.maintenance.doctor()
    expect(checks.find(({ name }) => name === 'log')).toMatchObject({ ok: true })
  }
})

test('a log that becomes damaged while the store is open is told by the doctor, who then writes nothing', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  for (let i = 0; i < 20; i++) await memory.store(`k${i}`, 'x'.repeat(1000))
  const log = flipped(fs.readFileSync(`${file}-wal`), 0.5)
  fs.writeFileSync(`${file}-wal`, log)
  const { ok, checks } = await memory.maintenance.doctor()
  expect(ok).toBe(false)
  expect(checks.find(({ name }) => name === 'log')).toMatchObject({
    ok: false,
    fix: expect.stringContaining('backup'),
  })
  expect(checks.find(({ name }) => name === 'writing')).toBeUndefined()
  expect(fs.readFileSync(`${file}-wal`).equals(log)).toBe(true)
})

test('the doctor tries a write, which leaves nothing', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const schema = await memory.query('select count(*) as n from sqlite_schema')
  const before = fs.statSync(`${file}-wal`).size
  const { checks } = await memory.maintenance.doctor()
  expect(checks.find(({ name }) => name === 'writing')).toMatchObject({ ok: true })
  // It has reached the log, though it does not count.
  expect(fs.statSync(`${file}-wal`).size).toBeGreaterThan(before + 100_000)
  expect(await memory.query('select count(*) as n from sqlite_schema')).toEqual(schema)
})

test('a store whose creation was ended at any moment is opened, and created', async () => {
  for (let round = 0; round < 6; round++) {
    const file = scratchFile()
    const child = startChild('open', file, 'one')
    await child.until(line => line === 'ready')
    child.process.stdin?.end('go\n')
    // From the file's first moment on, and a little later each time.
    while (!fs.existsSync(file)) await new Promise(resolve => setImmediate(resolve))
    for (let turn = 0; turn < round * 20; turn++) await new Promise(resolve => setImmediate(resolve))
    child.process.kill('SIGKILL')
    await child.exited
    const memory = await openScratch({}, file)
    await memory.store('k', round)
    expect(await memory.retrieve('k')).toBe(round)
  }
})
