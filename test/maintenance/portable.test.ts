import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { contents, fillFile } from '../support/filled.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { openPostgresScratch, scratchUrl, withClient } from '../support/postgres.ts'

/** Records of a store with 30 rows in every table, but for what a restore changes on purpose. */
function lasting(file: string): Record<string, string[]> {
  const { memory_store, sessions, patterns, performance_metrics } = contents(file)
  return {
    memory_store: withoutRevisions(memory_store),
    sessions: sessions ?? [],
    patterns: withoutRevisions(patterns),
    performance_metrics: performance_metrics ?? [],
  }
}

function withoutRevisions(rows: string[] = []): string[] {
  return rows.map(row => JSON.stringify({ ...JSON.parse(row), revision: 0 }))
}

const engines: [name: string, open: () => Promise<Memory>][] = [
  ['SQLite', openScratch],
  ['PostgreSQL', openPostgresScratch],
]

describe('a backup', () => {
  for (const [from, openFrom] of engines) {
    for (const [to, openTo] of engines) {
      it(`of ${from} can be restored into ${to}`, async () => {
        const filled = scratchFile()
        await fillFile(filled, 30)
        const [first, second] = [scratchFile('first.db'), scratchFile('second.db')]
        const source = await openFrom()
        await source.restore(filled)
        await source.backup(first)
        const target = await openTo()
        await target.store('gone', 1)
        const { tables, eventId } = await target.restore(first)
        expect(tables).toMatchObject({ memory_store: 30, tasks: 30 })
        await target.backup(second)
        expect(lasting(second)).toEqual(lasting(filled))
        const { id } = await target.logEvent('after')
        expect(id).toBe(eventId + 1)
        expect(await target.find('metadata')).not.toHaveLength(0)
      })
    }
  }

  it('of PostgreSQL is of one moment, while others write', async () => {
    const memory = await openPostgresScratch()
    const move = (sum: number) =>
      memory.transaction(async tx => {
        await tx.store('moved', sum)
        await tx.updateSharedState('rest', 1000 - sum)
      })
    // Read after the one and before the other, to make time for moves.
    await memory.execute(
      `insert into sessions (id, data) select 's' || n, repeat('x', 100) from generate_series(1, 5000) as n`,
    )
    await move(0)
    let done = false
    let moves = 0
    const mover = (async () => {
      for (; !done; moves++) await move(moves)
    })()
    let during = 0
    for (let i = 0; i < 3 || during <= 3; i++) {
      const before = moves
      expect(await total(memory)).toEqual({ total: 1000 })
      during += moves - before
    }
    done = true
    await mover
  })

  it('that is damaged or foreign changes nothing in PostgreSQL', async () => {
    const memory = await openPostgresScratch()
    await memory.store('k', 1)
    const file = scratchFile('backup.db')
    await memory.backup(file)
    fs.rmSync(`${file}.sha256`)
    fs.truncateSync(file, fs.statSync(file).size / 2)
    await expect(memory.restore(file)).rejects.toMatchObject({ code: 'corrupt' })
    const foreign = scratchFile('foreign.db')
    const db = new DatabaseSync(foreign)
    db.exec('create table t (x)')
    db.close()
    await expect(memory.restore(foreign)).rejects.toMatchObject({ code: 'foreign_store' })
    const store = path.join(path.dirname(file), 'store.db')
    await (await openScratch({}, store)).store('mine', 1)
    await expect(memory.backup(store)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await memory.retrieve('k')).toBe(1)
  })

  it('that PostgreSQL cannot hold is refused, and changes nothing', async () => {
    const filled = scratchFile()
    await fillFile(filled, 3)
    const db = new DatabaseSync(filled)
    db.exec("update hivewax_votes set weight = 'heavy' where key = 'r2'")
    db.close()
    const memory = await openPostgresScratch()
    await memory.store('k', 1)
    const failed = memory.restore(filled)
    await expect(failed).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('hivewax_votes'),
    })
    expect(await memory.retrieve('k')).toBe(1)
    expect(await memory.query('select id from events')).toEqual([])
  })
})

describe('upkeep of PostgreSQL', () => {
  it('tells where the store is, without the password', async () => {
    const memory = await openPostgresScratch()
    const stats = await memory.getStats()
    expect(stats).toMatchObject({ engine: { name: 'PostgreSQL' }, tableCount: 12 })
    expect(stats).not.toHaveProperty('walBytes')
    const { checks } = await memory.maintenance.doctor()
    expect(checks.find(({ name }) => name === 'server')?.message).toMatch(/^PostgreSQL \d+/)
    expect(checks.find(({ name }) => name === 'role')?.message).toContain('a primary')
    const user = checks.find(({ name }) => name === 'user')
    expect(user).toMatchObject({ ok: true, message: expect.stringContaining('is a superuser') })
    expect(user?.fix).toContain('a role of its own')
  })

  it('finds what a crash of the server would lose, and transactions that nobody ends', async () => {
    const url = scratchUrl()
    const memory = await openPostgresScratch({}, url)
    const check = async (wanted: string) =>
      (await memory.maintenance.doctor()).checks.find(({ name }) => name === wanted)
    const fsync = await withClient(client => client.query('show fsync'))
    expect(await check('durability')).toMatchObject({ ok: fsync.rows[0].fsync === 'on' })
    expect(await check('indexes')).toMatchObject({ ok: true })
    await withClient(async client => {
      await client.query('insert into patterns (id, type, pattern_data) values (1, 1, 1), (2, 1, 1)')
      const unique = 'create unique index concurrently patterns_own_ccnew on patterns (type)'
      await expect(client.query(unique)).rejects.toThrow('could not create unique index')
    }, url)
    expect(await check('indexes')).toMatchObject({ ok: false, message: expect.stringContaining('_ccnew') })
    await memory.reindex()
    expect(await check('indexes')).toMatchObject({ ok: true })
  })

  it('recovers a file that is named, and has none of its own', async () => {
    const memory = await openPostgresScratch()
    const to = scratchFile('recovered.db')
    const failed = memory.maintenance.recover(to)
    await expect(failed).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('--from'),
    })
    const file = await openScratch()
    await file.store('k', 1)
    const { tables } = await memory.maintenance.recover(to, { from: file.url })
    expect(tables.memory_store).toMatchObject({ recovered: 1, lost: 0 })
  })

  it('ends early on a signal', async () => {
    const memory = await openPostgresScratch()
    for (const job of ['vacuum', 'optimize', 'reindex'] as const) {
      const signal = AbortSignal.abort(new Error('enough'))
      await expect(memory.maintenance[job]({ signal })).rejects.toThrow('enough')
    }
  })

  it('is refused inside a transaction, and after the end', async () => {
    const memory = await openPostgresScratch()
    const inside = memory.transaction(() => memory.vacuum())
    await expect(inside).rejects.toMatchObject({ code: 'transaction_misuse' })
    await memory.close()
    await expect(memory.vacuum()).rejects.toMatchObject({ code: 'closed' })
  })
})

/** What a backup says is moved, and what it says is not. */
async function total(memory: Memory): Promise<unknown> {
  const file = scratchFile('backup.db')
  await memory.backup(file)
  const db = new DatabaseSync(file, { readOnly: true })
  const number = (table: string) => `(select cast(value as integer) from ${table})`
  const row = db.prepare(`select ${number('memory_store')} + ${number('shared_state')} as total`).get()
  db.close()
  return { ...row }
}
