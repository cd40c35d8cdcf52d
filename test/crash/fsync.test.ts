import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import '../support/on-disk.ts'
import { childFile } from '../support/bundled-children.ts'
import { scratchFile, scratchFolder } from '../support/memory.ts'

const count = 50
const hasStrace = spawnSync('strace', ['-V']).status === 0

/** How often a process that stores `count` values one after another asks the disk to keep what it wrote. */
function syncs(durability: string): number {
  const trace = scratchFile('trace')
  const command = [
    '-f',
    '-e',
    'trace=fsync,fdatasync',
    '-o',
    trace,
    process.execPath,
    childFile('batches'),
    scratchFile(),
  ]
  const { status } = spawnSync('strace', [...command, String(count), durability], { stdio: 'inherit' })
  expect(status).toBe(0)
  return fs.readFileSync(trace, 'utf8').match(/\b(fsync|fdatasync)\(\d+/g)?.length ?? 0
}

// A SIGKILL cannot show this: what was written survives the process, but only what was synced survives the power.
it.skipIf(!hasStrace)(
  'waits for the disk once per acknowledged batch when durable, hardly ever otherwise',
  () => {
    const [full, normal] = [syncs('full'), syncs('normal')]
    console.info(`${count} stores one by one: ${full} syncs under full, ${normal} under normal`)
    expect(full).toBeGreaterThanOrEqual(count)
    expect(full).toBeLessThan(count + 30)
    expect(normal).toBeLessThan(30)
  },
  120_000,
)

it.skipIf(!hasStrace)('keeps the folders that it makes for a store', () => {
  const folder = scratchFolder()
  const trace = scratchFile('trace')
  const command = ['-f', '-y', '-e', 'trace=fsync', '-o', trace, process.execPath, childFile('store-once')]
  const { status } = spawnSync('strace', [...command, path.join(folder, 'a/b/memory.db')])
  expect(status).toBe(0)
  const kept = fs.readFileSync(trace, 'utf8')
  for (const made of [folder, path.join(folder, 'a')]) expect(kept).toContain(`<${made}>`)
})

if (!hasStrace) console.info('test/crash/fsync.test.ts is skipped: strace is not installed')
