import fs from 'node:fs'
import { expect, it } from 'vitest'
import { inspectLog } from '../../src/db/worker/jobs/inspect-log.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('a log that the last process has merged before it was looked at lacks nothing', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  await memory.store('k', 1)
  await memory.close()
  expect(fs.existsSync(`${file}-wal`)).toBe(false)
  const none = { report: () => {}, assertInPlace: () => {}, send: async () => {}, write: async () => {} }
  expect(await inspectLog(undefined, { file, waitMs: 0, ...none })).toEqual({ isForeign: false, lost: 0 })
})
