import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest'
import { fileIdOf, isOpenInProcess } from '../../src/db/sqlite/file-id.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { emptyFile, openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { storing } from '../support/storing.ts'
import { take } from '../support/take.ts'
import { copySqliteTemplate } from '../support/templates.ts'

describe('a store under a second name', () => {
  const refused = (file: string) => ({
    code: 'unsupported',
    message: expect.stringContaining(file),
    hint: expect.stringMatching(/folder.*hivewax backup/),
  })

  it('is refused while its file has a hard link, under either name', async () => {
    const file = scratchFile()
    const link = path.join(scratchFolder(), 'link.db')
    await (await openMemory(file, { background: false })).close()
    fs.linkSync(file, link)
    await expect(openMemory(file)).rejects.toMatchObject(refused(file))
    await expect(openMemory(link)).rejects.toMatchObject(refused(link))
    fs.rmSync(link)
    await openScratch({}, file)
  })

  it.each(['-wal', '-shm', '-journal'])('is refused while its %s is a link', async end => {
    const file = scratchFile()
    const elsewhere = path.join(scratchFolder(), 'elsewhere')
    fs.writeFileSync(elsewhere, '')
    fs.symlinkSync(elsewhere, file + end)
    await expect(openMemory(file)).rejects.toMatchObject(refused(file + end))
    fs.rmSync(file + end)
    fs.linkSync(elsewhere, file + end)
    await expect(openMemory(file)).rejects.toMatchObject(refused(file + end))
    expect(fs.readFileSync(elsewhere, 'utf8')).toBe('')
  })

  it('is refused where its file is mounted by itself', async context => {
    const file = scratchFile()
    await (await openMemory(file, { background: false })).close()
    const place = path.join(scratchFolder(), 'a place\twith \\ signs.db')
    fs.writeFileSync(place, '')
    bindMount(context, file, place)
    await expect(openMemory(place)).rejects.toMatchObject(refused(place))
    await openScratch({}, file)
  })

  it('is one store of this process where its folder is mounted elsewhere', async context => {
    const file = scratchFile()
    const mounted = scratchFolder()
    bindMount(context, path.dirname(file), mounted)
    const other = path.join(mounted, path.basename(file))
    const one = await openSqlite(file, {})
    onTestFinished(one.release)
    const two = await openSqlite(other, {})
    onTestFinished(two.release)
    expect(two.store).toBe(one.store)
    const elsewhere = await openScratch()
    await expect(elsewhere.restore(other)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

it('refuses to read as a file what another thread of the process has open', async context => {
  if (process.platform !== 'linux') context.skip('only Linux tells what a process has open')
  const file = scratchFile()
  const openUrl = JSON.stringify(new URL('../../src/open.ts', import.meta.url))
  const script = `const { parentPort } = require('node:worker_threads')
    import(${openUrl}).then(async ({ openMemory }) => {
      const memory = await openMemory(${JSON.stringify(file)}, { background: false })
      await memory.store('k', 1)
      parentPort.once('message', () => memory.close())
      parentPort.postMessage('open')
    })`
  const thread = new Worker(script, { eval: true })
  await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject))
  const memory = await openScratch()
  const refused = { code: 'invalid_input', message: expect.stringContaining('open in this process') }
  await expect(memory.restore(file)).rejects.toMatchObject(refused)
  await expect(memory.backup(file)).rejects.toMatchObject(refused)
  const ended = new Promise(resolve => thread.once('exit', resolve))
  thread.postMessage('close')
  await ended
  await expect(memory.restore(file)).resolves.toBeDefined()
})

const gone = { code: 'store_gone', retryable: true }

/** What can happen to the files of an open store, and what the error says of it. */
const losses: readonly { what: string; lose: (file: string) => void; says: RegExp }[] = [
  {
    what: 'its log and the index of it are deleted',
    lose: file => remove(file, '-wal', '-shm'),
    says: /-wal was del.*-shm was del/,
  },
  { what: 'its log is deleted', lose: file => remove(file, '-wal'), says: /-wal was deleted/ },
  { what: 'the index of its log is deleted', lose: file => remove(file, '-shm'), says: /-shm was deleted/ },
  {
    what: 'its file alone is deleted',
    lose: file => remove(file, ''),
    says: /memory\.db was deleted.*saved as .*memory\.db\.saved-/,
  },
  {
    what: 'all its files are deleted',
    lose: file => remove(file, '', '-wal', '-shm'),
    says: /memory\.db was deleted.*open$/,
  },
  {
    what: 'its folder is deleted',
    lose: file => fs.rmSync(path.dirname(file), { recursive: true }),
    says: /deleted or moved/,
  },
  {
    what: 'its folder is renamed',
    lose: file => fs.renameSync(path.dirname(file), `${path.dirname(file)} old`),
    says: /deleted or moved/,
  },
  {
    what: 'its folder is renamed, and another store is in its place',
    lose: file => {
      const folder = path.dirname(file)
      fs.renameSync(folder, `${folder} old`)
      fs.mkdirSync(folder)
      copySqliteTemplate(file)
      for (const end of ['-wal', '-shm']) fs.writeFileSync(file + end, '')
    },
    says: /memory\.db was replaced/,
  },
  {
    what: 'its file is replaced by another',
    lose: file => {
      fs.copyFileSync(file, `${file}.copy`)
      fs.renameSync(`${file}.copy`, file)
    },
    says: /memory\.db was replaced.*saved as .*memory\.db\.saved-/,
  },
]

type Call = readonly [name: string, call: (memory: Memory) => Promise<unknown>]

const calls: readonly Call[] = [
  ['store', memory => memory.store('k', 2)],
  ['execute', memory => memory.execute('delete from events')],
  ['a transaction', memory => memory.transaction(tx => tx.store('k', 3))],
  ['retrieve', memory => memory.retrieve('k')],
  ['get', memory => memory.kv.get('k')],
  ['query', memory => memory.query('select 1')],
  ['find', memory => memory.find('word')],
]

/** What is done in another thread or process. */
const longCalls: readonly Call[] = [
  ['query with a time limit', memory => memory.query('select 1', [], { timeoutMs: 10_000 })],
  ['vacuum', memory => memory.vacuum()],
  ['a full vacuum', memory => memory.vacuum({ full: true })],
  ['a backup', memory => memory.backup(scratchFile())],
  ['an export', memory => memory.exportNamespace('default', scratchFile('all.json'))],
]

describe.each(losses)('when $what', ({ what, lose, says }) => {
  const all = what.startsWith('its log and') ? [...calls, ...longCalls] : calls
  it.each(all)('%s is refused, and everything after it', async (_, call) => {
    const memory = await openIn('store')
    await memory.store('k', 'a word')
    expect(await memory.retrieve('k')).toBe('a word')
    lose(memory.url)
    const hint = expect.stringMatching(/^Nothing was stored/)
    await expect(call(memory)).rejects.toMatchObject({ ...gone, hint, message: expect.stringMatching(says) })
    await expect(memory.store('k', 4)).rejects.toMatchObject(gone)
    await expect(memory.retrieve('k')).rejects.toMatchObject(gone)
    await expectNew(memory.url)
  })
})

it.each(losses)('opens a store anew of which nobody has noticed that $what', async ({ lose }) => {
  const memory = await openIn('store')
  await memory.store('k', 1)
  const { child, say } = await storing(memory.url)
  await say('by another process')
  lose(memory.url)
  await expectNew(memory.url)
  expect(await say('too late')).toBe('store_gone too late')
  child.process.stdin?.end()
  await child.exited
  await expect(memory.store('k', 2)).rejects.toMatchObject(gone)
})

it('begins a new store beside the empty log of one that was deleted', async () => {
  const memory = await openScratch()
  await memory.vacuum()
  remove(memory.url, '')
  await expectNew(memory.url)
  await expect(memory.store('k', 2)).rejects.toMatchObject(gone)
})

it('begins a new store beside the empty log that a process still has open, and shares nothing with that', async () => {
  const file = emptyFile()
  const { child, say } = await storing(file)
  expect(fs.statSync(`${file}-wal`).size).toBe(0)
  // It cannot notice before the new store is there.
  child.process.kill('SIGSTOP')
  remove(file, '')
  const memory = await openMemory(file, { background: false })
  await memory.store('new', 1)
  child.process.kill('SIGCONT')
  expect(await say('too late')).toBe('store_gone too late')
  child.process.stdin?.end()
  await child.exited
  await memory.store('newer', 2)
  await memory.close()
  expect(await (await openScratch({}, file)).search('*')).toMatchObject([{ key: 'new' }, { key: 'newer' }])
})

it('notices that a folder above was renamed', async () => {
  const folder = scratchFolder()
  const memory = await openScratch({}, path.join(folder, 'project/store/memory.db'))
  await memory.store('k', 1)
  fs.renameSync(path.join(folder, 'project'), path.join(folder, 'moved'))
  // That alone is looked up a thousand times a second only.
  await vi.waitFor(() => expect(memory.retrieve('k')).rejects.toMatchObject(gone), { interval: 2 })
  await expect(memory.store('k', 2)).rejects.toMatchObject(gone)
})

it('stores nothing in a store that was moved with a folder above a moment ago, and leaves it whole', async () => {
  const folder = scratchFolder()
  const file = path.join(folder, 'project/store/memory.db')
  const memory = await openScratch({}, file)
  await memory.store('k', 1)
  const { store, release } = await openSqlite(file, {})
  const late = memory.transaction(async tx => {
    await tx.store('k', 2)
    store.files.lookUp()
    store.look()
    fs.renameSync(path.join(folder, 'project'), path.join(folder, 'moved'))
  })
  await expect(late).rejects.toMatchObject({ ...gone, hint: expect.stringMatching(/^Nothing was stored/) })
  // What takes its place is another store, whose log it must not touch when it is let go.
  await using anew = await openMemory(file, { background: false })
  await anew.store('new', 3)
  await memory.close()
  await release()
  expect(fs.existsSync(`${file}-wal`)).toBe(true)
  await expectNew(file)
  const moved = await openScratch({}, path.join(folder, 'moved/store/memory.db'))
  expect(await moved.search('*')).toMatchObject([{ key: 'k', value: 1 }])
})

it('goes on with a private store of which the temporary folder was cleaned', async () => {
  const memory = await openScratch({}, ':memory:')
  await memory.store('k', 'a word')
  fs.rmSync(path.dirname(memory.url), { recursive: true })
  expect(await memory.retrieve('k')).toBe('a word')
  await memory.transaction(tx => tx.store('new', 'another word'))
  expect(await memory.find('word')).toHaveLength(2)
  // What is done in another thread needs the names.
  await expect(memory.vacuum({ full: true })).rejects.toMatchObject(gone)
  expect(await memory.search('*')).toHaveLength(2)
})

it('lets go of all that it has opened', async context => {
  if (process.platform !== 'linux') context.skip('only Linux tells what a process has open')
  const file = emptyFile()
  const ids = [file, path.dirname(file)].map(each => fileIdOf(each)!)
  const memory = await openMemory(file, { background: false })
  expect(ids.map(isOpenInProcess)).toEqual([true, true])
  await memory.close()
  expect(ids.map(isOpenInProcess)).toEqual([false, false])
})

it('tells its owner that the store is gone', async () => {
  const memory = await openScratch()
  const told = new Promise(resolve => memory.on('store_gone', resolve))
  remove(memory.url, '-wal')
  expect(await told).toMatchObject(gone)
})

it('does not know of what was committed when its log was deleted whether it was stored', async () => {
  const memory = await openScratch()
  const { store, release } = await openSqlite(memory.url, {})
  onTestFinished(release)
  const { onCommit } = store.writer
  store.writer.onCommit = () => {
    onCommit()
    remove(memory.url, '-wal', '-shm')
  }
  const unknown = { ...gone, details: { outcome: 'unknown' } }
  for (const outcome of await Promise.allSettled(['a', 'b', 'c'].map(key => memory.store(key, 1)))) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: unknown })
  }
})

it('knows that nothing was stored of a transaction during which its log was deleted', async () => {
  const memory = await openScratch()
  const held = memory.transaction(async tx => {
    await tx.store('k', 1)
    remove(memory.url, '-wal', '-shm')
  })
  await expect(held).rejects.toMatchObject({ ...gone, hint: expect.stringMatching(/^Nothing was stored/) })
  expect(await (await openScratch({}, memory.url)).retrieve('k')).toBeUndefined()
})

it('ends what waits for a store that is gone', async () => {
  const memory = await openScratch()
  const first = (stream: AsyncIterable<unknown>) => take(stream, 1)
  const begun = Promise.withResolvers<void>()
  const endless = () => {
    begun.resolve()
    return new Promise(() => {})
  }
  const waiting = {
    transaction: memory.transaction(endless, { timeoutMs: 600_000 }),
    subscription: first(memory.events.subscribe()),
    watch: first(memory.shared.watch()),
    agents: first(memory.agents.watch()),
    leader: first(skipOne(memory.locks.observe('leader'))),
    work: memory.tasks.work(async () => {}, { agentId: 'worker' }),
  }
  const outcomes = Promise.allSettled(Object.values(waiting))
  await begun.promise
  remove(memory.url, '-wal', '-shm')
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: gone })
})

it('loses nothing of what was acknowledged before the log was deleted', async () => {
  const file = scratchFile()
  const [one, two] = [await storing(file), await storing(file)]
  for (const line of ['a', 'b', 'c']) await one.say(line)
  for (const line of ['d', 'e', 'f']) await two.say(line)
  remove(file, '-wal', '-shm')
  // The first to open it anew has to wait until both have noticed.
  const memory = await openScratch({}, file)
  const stored = (await memory.search('*')).map(({ key }) => key)
  expect(stored).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(await one.say('g')).toBe('store_gone g')
  expect(await two.say('g')).toBe('store_gone g')
})

it('mixes no deleted log into what others have stored through a new one', async () => {
  const file = scratchFile()
  await (await openMemory(file, { background: false })).close()
  const { child, say } = await storing(file)
  await say('old')
  child.process.kill('SIGSTOP')
  remove(file, '-wal', '-shm')
  // It dies before its log is merged.
  const script = `const { DatabaseSync } = require('node:sqlite')
    new DatabaseSync(${JSON.stringify(file)}).exec("insert into memory_store (key, value) values ('new', '1')")
    process.kill(process.pid, 'SIGKILL')`
  spawnSync(process.execPath, ['--no-warnings', '-e', script])
  child.process.kill('SIGCONT')
  expect(await say('too late')).toBe('store_gone too late')
  child.process.stdin?.end()
  await child.exited
  const memory = await openScratch({}, file)
  expect(await memory.retrieve('new')).toBe(1)
  expect((await memory.maintenance.doctor()).ok).toBe(true)
})

/** What comes after the first item. */
async function* skipOne<T>(stream: AsyncIterable<T>): AsyncGenerator<T> {
  let isFirst = true
  for await (const item of stream) {
    if (!isFirst) yield item
    isFirst = false
  }
}

function remove(file: string, ...ends: string[]): void {
  for (const end of ends) fs.rmSync(file + end)
}

/** A memory in a folder of its own. */
function openIn(folder: string): Promise<Memory> {
  return openScratch({}, path.join(scratchFolder(), folder, 'memory.db'))
}

/** Opens the store anew, to write and to read. */
async function expectNew(file: string): Promise<void> {
  await using memory = await openMemory(file, { background: false })
  await memory.store('new', 1)
  expect(await memory.retrieve('new')).toBe(1)
}

/** Shows a file or folder at a second place, or skips the test where that is not permitted. */
function bindMount(context: TestContext, from: string, to: string): void {
  const { status, stderr, error } = spawnSync('mount', ['--bind', from, to], { encoding: 'utf8' })
  if (status !== 0) context.skip(`mount --bind is not permitted here: ${error?.message ?? stderr.trim()}`)
  onTestFinished(() => void spawnSync('umount', ['--lazy', to]))
}
