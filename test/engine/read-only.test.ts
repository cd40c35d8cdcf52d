import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Connection } from '../../src/db/sqlite/connection.ts'
import { UnwrittenFile } from '../../src/db/sqlite/unwritten-file.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { operations } from '../../src/operations.ts'
import { ask, overHttp } from '../mcp/support.ts'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'
import { killedAfterStoring } from '../support/killed.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'

const refused = { code: 'unsupported', message: expect.stringMatching(/^nothing can be written: /) }

/** What is in a folder, byte for byte. */
function contents(folder: string): Map<string, string> {
  const names = fs.readdirSync(folder).sort()
  return new Map(names.map(name => [name, fs.readFileSync(path.join(folder, name)).toString('base64')]))
}

/** A store with a record that is indexed and one that is not. */
async function fill(memory: Memory): Promise<void> {
  await memory.store('indexed', 'medlar')
  await memory.optimize()
  await memory.store('new', 'medlar')
  await memory.logEvent({ type: 'e', source: 's', data: 1 })
}

describe.each(engines)('a memory that is only read, on $name', ({ open, scratch }) => {
  it('answers what reads, and refuses what writes', async () => {
    const location = scratch()
    await fill(await open({}, location))
    const memory = await open({ readOnly: true, agentId: 'somebody', background: true }, location)
    const failures: unknown[] = []
    memory.on('background_error', error => failures.push(error))
    expect(await memory.retrieve('new')).toBe('medlar')
    expect(await memory.search('*')).toHaveLength(2)
    expect((await memory.findings('medlar')).items).toHaveLength(2)
    expect(await memory.query('select key from memory_store order by key')).toHaveLength(2)
    expect(await memory.query('select 1 as one', [], { timeoutMs: 60_000 })).toEqual([{ one: 1 }])
    const file = path.join(scratchFolder(), 'export.json')
    expect(await memory.exportNamespace('default', file)).toMatchObject({ records: 2 })
    await memory.maintenance.backup(`${file}.db`)
    await memory.maintenance.backup(`${file}.2.db`)
    expect(await (await openScratch({}, `${file}.db`)).retrieve('new')).toBe('medlar')
    const { checks } = await memory.maintenance.doctor()
    expect(checks).toContainEqual(
      expect.objectContaining({ name: 'writing', ok: true, message: expect.stringContaining('readOnly') }),
    )
    for (const write of [
      () => memory.store('k', 1),
      () => memory.delete('new'),
      () => memory.logEvent('e', 1),
      () => memory.execute('delete from events'),
      () => memory.transaction(tx => tx.retrieve('new')),
      () => memory.as('other').store('k', 1),
      () => memory.cleanup(),
      () => memory.vacuum(),
      () => memory.optimize(),
      () => memory.maintenance.reindex(),
      () => memory.maintenance.restore(`${file}.2.db`),
    ])
      await expect(write(), String(write)).rejects.toMatchObject(refused)
    expect(await memory.search('*')).toHaveLength(2)
    // Nobody tries to write besides, such as a sign of life.
    expect(failures).toEqual([])
  })

  it('runs every operation that reads', async () => {
    const location = scratch()
    await fill(await open({}, location))
    const memory = await open({ readOnly: true }, location)
    const reading = operations.filter(({ effect }) => effect === 'read')
    for (const operation of reading) {
      const input = operation.input(z).safeParse({})
      if (!input.success) continue
      const failure = await operation.run(memory, input.data).then(
        () => undefined,
        error => error.code,
      )
      // Some need a record, or a log that is sealed.
      expect([undefined, 'not_found'], operation.name).toContain(failure)
    }
  })

  it('is not created', async () => {
    await expect(open({ readOnly: true }, scratch())).rejects.toMatchObject({
      code: expect.stringMatching(/^(not_found|unsupported)$/),
    })
  })
})

describe('a store that is only read', () => {
  it('stays as it is, byte for byte, and gets no files beside it', async () => {
    const file = scratchFile()
    const written = await openMemory(file, { background: false })
    await fill(written)
    await written.close()
    const before = contents(path.dirname(file))
    expect([...before.keys()]).toEqual(['memory.db'])
    const memory = await openMemory(file, { readOnly: true })
    expect(await memory.find('medlar')).toHaveLength(2)
    expect((await memory.maintenance.doctor()).checks.filter(({ ok }) => !ok)).toEqual([])
    await memory.maintenance.analyzePerformance()
    await memory.close()
    expect(contents(path.dirname(file))).toEqual(before)
  })

  it('shows what others write, whether or not anybody had it open before', async () => {
    const file = scratchFile()
    const first = await openMemory(file, { background: false })
    await first.store('k', 1)
    await first.close()
    const reader = await openScratch({ readOnly: true }, file)
    expect(await reader.retrieve('k')).toBe(1)
    for (let n = 2; n < 6; n++) {
      const writer = await openMemory(file, { background: false })
      await writer.store('k', n)
      if (n % 2 === 0) await writer.close()
      else onTestFinished(() => writer.close())
      expect(await reader.retrieve('k')).toBe(n)
    }
    const writer = await openScratch({}, file)
    await writer.store('k', 'open')
    expect(await reader.retrieve('k')).toBe('open')
    expect(await reader.find('open')).toHaveLength(1)
  })

  it('is read again when somebody wrote it during a read', async () => {
    const memory = await openScratch()
    await memory.close()
    const source = new UnwrittenFile(memory.url)
    onTestFinished(() => source.close())
    const count = (connection: Connection) => connection.value('select count(*) from memory_store')
    const torn = () =>
      source.read(connection => {
        const writer = new DatabaseSync(memory.url)
        writer.exec("insert into memory_store (key, value) values ('k', '1')")
        writer.close()
        return count(connection)
      })
    expect(torn).toThrow(expect.objectContaining({ code: 'busy' }))
    expect(source.read(count)).toBe(1)
  })

  it('is read with the log that a killed process has left', async () => {
    const file = scratchFile()
    const holder = startChild('hold-transaction', file)
    await holder.until(line => line === 'holding')
    holder.process.kill('SIGKILL')
    await holder.exited
    const { key, value } = await killedAfterStoring(file)
    expect(fs.statSync(`${file}-wal`).size).toBeGreaterThan(0)
    const reader = await openScratch({ readOnly: true }, file)
    expect(await reader.retrieve(key)).toBe(value)
    expect(await reader.retrieve('held')).toBeUndefined()
  })

  it('is refused while a log lies beside it that cannot be read without writing', async () => {
    const file = scratchFile()
    const writer = await openScratch({}, file)
    await writer.store('k', 1)
    const folder = scratchFolder()
    for (const end of ['', '-wal']) fs.copyFileSync(file + end, path.join(folder, `copy.db${end}`))
    const refusal = { code: 'storage', hint: expect.stringContaining('may write it') }
    const opening = openMemory(path.join(folder, 'copy.db'), { readOnly: true })
    await expect(opening).rejects.toMatchObject(refusal)
    expect(fs.readdirSync(folder).sort()).toEqual(['copy.db', 'copy.db-wal'])
  })

  it('is refused when its schema is another one, and left as it is', async () => {
    const file = scratchFile()
    await (await openMemory(file, { background: false })).close()
    const older = new DatabaseSync(file)
    older.exec('pragma journal_mode=delete; pragma user_version = 3; pragma journal_mode=wal')
    older.close()
    const before = contents(path.dirname(file))
    await expect(openMemory(file, { readOnly: true })).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('upgrades it'),
    })
    expect(contents(path.dirname(file))).toEqual(before)
  })

  it('opens a backup without making a store of it', async () => {
    const memory = await openScratch()
    await fill(memory)
    const backup = path.join(scratchFolder(), 'backup.db')
    await memory.maintenance.backup(backup)
    const before = contents(path.dirname(backup))
    const reader = await openScratch({ readOnly: true }, backup)
    expect(await reader.find('medlar')).toHaveLength(2)
    await reader.close()
    expect(contents(path.dirname(backup))).toEqual(before)
  })

  it('tells every door', async () => {
    const file = scratchFile()
    await fill(await openScratch({}, file))
    const memory = await openScratch({ readOnly: true }, file)
    expect(memory.isReadOnly).toBe(true)
    const client = await overHttp('modern', memory)
    expect((await ask(client, 'recall', { text: 'medlar' })).data).toHaveLength(2)
    const written = await ask(client, 'remember', { key: 'k', value: 1 })
    expect(written).toMatchObject({ isError: true, text: expect.stringContaining('nothing can be written') })
    const { url, token } = await startHttp(memory)
    const remote = await openScratch({ token }, url)
    expect(await remote.find('medlar')).toHaveLength(2)
    await expect(remote.store('k', 1)).rejects.toMatchObject(refused)
    await expect(remote.transaction(tx => tx.retrieve('k'))).rejects.toMatchObject(refused)
  })

  it('is only read through a client that was opened so', async () => {
    const { url, token } = await startHttp(await openScratch())
    const remote = await openScratch({ token, readOnly: true }, url)
    expect(await remote.search('*')).toEqual([])
    await expect(remote.store('k', 1)).rejects.toMatchObject(refused)
    await expect(remote.transaction(tx => tx.store('k', 1))).rejects.toMatchObject(refused)
  })
})
