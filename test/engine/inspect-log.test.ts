import fs from 'node:fs'
import { expect, it } from 'vitest'
import { mayBeOfAnother } from '../../src/db/sqlite/lost-store.ts'
import { inspectLog } from '../../src/db/worker/jobs/inspect-log.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('a log that the last process has merged before it was looked at lacks nothing', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', 1)
  await memory.close()
  expect(fs.existsSync(`${file}-wal`)).toBe(false)
  const none = { report: () => {}, assertInPlace: () => {}, send: async () => {}, write: async () => {} }
  expect(await inspectLog({ isDoubtful: true }, { file, waitMs: 0, ...none })).toEqual({
    isForeign: false,
    lost: 0,
  })
})

it('a log is looked at more closely unless it was written for long, and after its file', () => {
  const log = { birthtimeMs: 10_000, mtimeMs: 20_000 }
  expect(mayBeOfAnother(log, { ctimeMs: 15_000 })).toBe(false)
  expect(mayBeOfAnother(log, { ctimeMs: 25_000 })).toBe(true)
  expect(mayBeOfAnother({ ...log, birthtimeMs: 19_500 }, { ctimeMs: 15_000 })).toBe(true)
  // With its times, as `cp -p` copies.
  expect(mayBeOfAnother({ ...log, birthtimeMs: 30_000 }, { ctimeMs: 15_000 })).toBe(true)
})
