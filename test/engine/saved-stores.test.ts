import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { isRoot, letIn, nobody } from '../support/accounts.ts'
import { emptyFile, openScratch, scratchFile } from '../support/memory.ts'
import { fillDisk, smallDisk } from '../support/small-disk.ts'
import { storing } from '../support/storing.ts'

const gone = { code: 'store_gone', retryable: true }

describe('a store whose file was deleted or replaced, and its log was not', () => {
  const keysOf = async (memory: Memory) => (await memory.search('*')).map(({ key }) => key)

  it('is saved whole, and once, by those who have it open, and can be restored', async () => {
    const memory = await openScratch()
    const { say } = await storing(memory.url)
    await memory.store('mine', 1)
    await say('theirs')
    fs.rmSync(memory.url)
    const anew = await openScratch({}, memory.url)
    expect(await keysOf(anew)).toEqual([])
    expect(await say('too late')).toBe('store_gone too late')
    const [saved = '', ...others] = savedOf(memory.url)
    expect(others).toEqual([])
    expect(fs.statSync(saved).mode & 0o777).toBe(0o600)
    await anew.restore(saved)
    expect(await keysOf(anew)).toEqual(['mine', 'theirs'])
  })

  it('leaves nothing in the one that has taken its place', async () => {
    const other = await openScratch()
    await other.store('other', 1)
    await other.close()
    const memory = await openScratch()
    await memory.store('mine', 1)
    fs.renameSync(other.url, memory.url)
    // Not even a handle that waits for nobody overtakes its own process.
    const anew = await openScratch({ busyTimeoutMs: 0 }, memory.url)
    expect(await keysOf(anew)).toEqual(['other'])
    expect((await anew.maintenance.doctor()).ok).toBe(true)
    await anew.restore(savedOf(memory.url)[0]!)
    expect(await keysOf(anew)).toEqual(['mine'])
  })

  it.each([{ readOnly: true }, {}])('is waited for by who opens the other, with %o', async options => {
    const other = await openScratch()
    await other.store('other', 1)
    await other.close()
    const file = scratchFile()
    await (await storing(file)).say('theirs')
    fs.renameSync(other.url, file)
    expect(await keysOf(await openScratch(options, file))).toEqual(['other'])
  })

  it('is not saved by one who comes second', async () => {
    const memory = await openScratch()
    const holder = await holdingLock(memory.url)
    fs.rmSync(memory.url)
    await expect(memory.query('select 1')).rejects.toMatchObject(gone)
    // By then it waits for the lock. As the first one does at the end:
    await nextTurn()
    fs.rmSync(`${memory.url}-wal`)
    holder.kill('SIGKILL')
    await memory.close()
    expect(savedOf(memory.url)).toEqual([])
  })

  it('keeps its log for `recover` when it cannot be saved, and who closes it hears of that', async context => {
    if (process.platform !== 'linux') context.skip('only Linux tells what other processes have open')
    const memory = await openMemory(emptyFile(), { background: false, busyTimeoutMs: 50 })
    await memory.store('k', 'kept')
    const holder = await holdingLock(memory.url)
    fs.rmSync(memory.url)
    await expect(memory.retrieve('k')).rejects.toMatchObject(gone)
    await expect(memory.close()).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('could not be saved'),
      hint: expect.stringContaining('hivewax recover'),
    })
    await expect(openMemory(memory.url, { busyTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('was deleted or replaced'),
    })
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    await expect(openMemory(memory.url)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('only its log is left'),
      hint: expect.stringContaining('hivewax recover'),
    })
    expect(savedOf(memory.url)).toEqual([])
  })
})

describe('a store that cannot be saved', () => {
  const large = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: 'x'.repeat(10_000) }))

  it('leaves its log as it is where there is no room, and nothing half done beside it', async context => {
    const folder = smallDisk(context)
    const memory = await openMemory(path.join(folder, 'memory.db'), { background: false })
    await memory.kv.storeMany(large)
    const log = fs.readFileSync(`${memory.url}-wal`)
    const giveRoom = fillDisk(folder)
    fs.rmSync(memory.url)
    await expect(memory.retrieve('k1')).rejects.toMatchObject(gone)
    await expect(memory.close()).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('could not be saved'),
      hint: expect.stringMatching(/^Its log is left.*hivewax recover/),
    })
    expect(fs.readdirSync(folder).sort()).toEqual(['filling', 'memory.db-shm', 'memory.db-wal'])
    expect(fs.readFileSync(`${memory.url}-wal`).equals(log)).toBe(true)
    giveRoom()
    const other = await openScratch()
    const { tables } = await other.maintenance.recover(scratchFile(), { from: memory.url })
    expect(tables.memory_store?.recovered).toBe(large.length)
  })

  it('leaves its log as it is where this account may not write any more', async context => {
    if (!isRoot) context.skip('only root can act as another account')
    const memory = await openMemory(emptyFile(), { background: false })
    await memory.store('k', 1)
    const log = fs.readFileSync(`${memory.url}-wal`)
    fs.rmSync(memory.url)
    letIn(path.dirname(memory.url), 0o555)
    onTestFinished(() => process.seteuid?.(0))
    process.seteuid?.(nobody.uid)
    await expect(memory.close()).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(/could not be saved.*permi/),
    })
    process.seteuid?.(0)
    expect(fs.readFileSync(`${memory.url}-wal`).equals(log)).toBe(true)
  })

  it('keeps a log that was deleted while there is no room to merge it, and merges it then', async context => {
    const folder = smallDisk(context)
    const memory = await openMemory(path.join(folder, 'memory.db'), { background: false })
    await memory.kv.storeMany(large)
    const { mtimeMs } = fs.statSync(memory.url)
    const giveRoom = fillDisk(folder)
    for (const end of ['-wal', '-shm']) fs.rmSync(memory.url + end)
    await expect(memory.retrieve('k1')).rejects.toMatchObject(gone)
    await expect(memory.close()).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('could not be merged'),
      hint: expect.stringContaining('make room'),
    })
    // Half a merge would be the end of it, should the process die now.
    expect(fs.statSync(memory.url).mtimeMs).toBe(mtimeMs)
    await expect(openMemory(memory.url, { busyTimeoutMs: 0 })).rejects.toMatchObject({ code: 'busy' })
    giveRoom()
    const anew = await openScratch({}, memory.url)
    expect(await anew.query('select count(*) as count from memory_store')).toEqual([{ count: large.length }])
    expect((await anew.maintenance.doctor()).ok).toBe(true)
  })
})

/** What was saved of a store. */
function savedOf(file: string): string[] {
  const folder = path.dirname(file)
  return fs
    .readdirSync(folder)
    .filter(name => name.startsWith(`${path.basename(file)}.saved-`))
    .map(name => path.join(folder, name))
}

/** Another program that has a transaction open in the store. */
async function holdingLock(file: string): Promise<ChildProcess> {
  const script = `const { DatabaseSync } = require('node:sqlite')
    new DatabaseSync(${JSON.stringify(file)}).exec('begin immediate')
    console.log('holding')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--no-warnings', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}
