import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { type Checksummed, checksummed } from '../../src/db/checksummed.ts'
import { isDamaged } from '../../src/db/checksums.ts'
import { copyStore } from '../../src/db/copy/copy-store.ts'
import { Corrupt } from '../../src/errors.ts'
import type { Memory } from '../../src/memory.ts'
import { everyRead } from '../support/every-read.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { scratchUrl } from '../support/postgres.ts'

/** Runs SQL as another program would: with the triggers of the store, but nothing of ours. */
function foreign(file: string, ...statements: string[]): void {
  const db = new DatabaseSync(file)
  for (const statement of statements) db.exec(statement)
  db.close()
}

/** Changes a column as a disk would: the checksum stays. */
function damage(file: string, table: string, column: string, where: string): void {
  const db = new DatabaseSync(file)
  const triggers = db
    .prepare("select name, sql from sqlite_schema where type = 'trigger' and tbl_name = ?")
    .all(table)
  for (const { name } of triggers) db.exec(`drop trigger ${name}`)
  db.exec(`update ${table} set ${column} = replace(${column}, 'kept', 'kepu') where ${where}`)
  for (const { sql } of triggers) db.exec(String(sql))
  db.close()
}

async function filled(): Promise<{ memory: Memory; file: string }> {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  return { memory, file }
}

const corrupt = (table: string, key: Record<string, unknown>) => ({
  code: 'corrupt',
  details: { table, key },
})

describe('a damaged record', () => {
  it('is told by its name wherever it is read, and the others are still there', async () => {
    const { memory, file } = await filled()
    await memory.kv.storeMany(['a', 'b', 'c'].map(key => ({ key, value: `kept ${key}`, metadata: 'found' })))
    damage(file, 'memory_store', 'value', "key = 'b'")
    const error = corrupt('memory_store', { namespace: 'default', key: 'b' })
    await expect(memory.retrieve('b')).rejects.toMatchObject(error)
    await expect(memory.kv.retrieveMany(['a', 'b'])).rejects.toMatchObject(error)
    await expect(memory.search('*')).rejects.toMatchObject(error)
    await expect(memory.find('found')).rejects.toMatchObject(error)
    await expect(memory.exportNamespace('default', scratchFile('out.json'))).rejects.toMatchObject(error)
    expect(await memory.retrieve('a')).toBe('kept a')
    expect((await memory.kv.search('c')).items).toMatchObject([{ value: 'kept c' }])
  })

  it('goes when it is stored anew or deleted', async () => {
    const { memory, file } = await filled()
    await memory.kv.storeMany(['a', 'b'].map(key => ({ key, value: 'kept' })))
    damage(file, 'memory_store', 'value', 'true')
    await memory.store('a', 'new')
    expect(await memory.delete('b')).toBe(true)
    expect((await memory.kv.search('*')).items).toMatchObject([{ key: 'a', value: 'new' }])
  })

  it('of a queue fails, and the claim goes on with the next task', async () => {
    const { memory, file } = await filled()
    await memory.tasks.createMany(['a', 'b'].map(id => ({ id, description: 'do', payload: 'kept' })))
    damage(file, 'tasks', 'payload', "id = 'a'")
    expect(await memory.tasks.claim({ agentId: 'w' })).toMatchObject([{ id: 'b', payload: 'kept' }])
    expect(await memory.query("select status, errors from tasks where id = 'a'")).toMatchObject([
      { status: 'failed', errors: expect.stringContaining('"code":"corrupt"') },
    ])
    expect(await memory.tasks.delete('a')).toBe(true)
  })

  it('of the log ends a subscription, which goes on behind it', async () => {
    const { memory, file } = await filled()
    for (const data of [1, 'kept', 3]) await memory.logEvent('said', { data })
    damage(file, 'events', 'data', 'true')
    const seen: unknown[] = []
    const follow = async (since: number, until: number) => {
      for await (const event of memory.events.subscribe({ since }))
        if (seen.push(event.data) === until) return
    }
    await expect(follow(0, 3)).rejects.toMatchObject(corrupt('events', { id: 2 }))
    await follow(2, 1)
    expect(seen).toEqual([{ data: 3 }])
  })

  it('that starts a workflow makes the run fail', async () => {
    const { memory, file } = await filled()
    await memory.workflows.start('kind', { id: 'flow', input: 'kept' })
    damage(file, 'hivewax_workflow_runs', 'input', 'true')
    const run = memory.workflows.run('flow', () => 'done', { type: 'kind' })
    await expect(run).rejects.toMatchObject({ code: 'corrupt' })
    expect(await memory.query('select status from hivewax_workflow_runs')).toEqual([{ status: 'failed' }])
  })

  it('is listed by doctor, left out and counted by recover, and not copied to another engine', async () => {
    const { memory, file } = await filled()
    await memory.kv.storeMany(['a', 'b', 'c'].map(key => ({ key, value: `kept ${key}` })))
    damage(file, 'memory_store', 'value', "key = 'b'")
    const { ok, checks } = await memory.maintenance.doctor()
    expect(ok).toBe(false)
    const check = checks.find(({ name }) => name === 'checksums')
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('"key":"b"') })
    const to = scratchFile('recovered.db')
    expect(await memory.maintenance.recover(to)).toMatchObject({
      damaged: 1,
      tables: { memory_store: { recovered: 2, lost: 0, damaged: 1 } },
    })
    const recovered = await openScratch({}, to)
    expect((await recovered.kv.search('*')).items).toMatchObject([{ key: 'a' }, { key: 'c' }])
    await memory.close()
    await expect(copyStore({ from: file, to: scratchUrl() })).rejects.toMatchObject({ code: 'corrupt' })
  })
})

it('a null of a record without a checksum is no number that one bit has made of it', () => {
  const record = { namespace: 'n', key: 'k', value: '1', metadata: null, crc: null }
  expect(isDamaged('memory_store', record)).toBe(false)
  expect(isDamaged('memory_store', { ...record, metadata: 0 })).toBe(true)
})

describe('SQL of others', () => {
  it('changes what it likes, and is read as it is', async () => {
    const { memory, file } = await filled()
    await storeEveryKind(memory)
    const tables = Object.entries(checksummed as Record<string, Checksummed>)
    // A space at the end changes a text, and not what JSON says.
    const updates = tables.flatMap(([table, { checksums }]) =>
      Object.values(checksums).map(columns => {
        const texts = Object.keys(columns).filter(name => columns[name]?.startsWith('text'))
        return `update ${table} set ${texts.map(name => `${name} = ${name} || ' '`).join(', ')}`
      }),
    )
    foreign(file, ...updates)
    for (const { name, run } of everyRead(memory)) {
      const error: unknown = await run().catch(error => error)
      if (error instanceof Corrupt) expect.fail(`${name}: ${error.message}`)
    }
    for (const [table, { checksums }] of tables) {
      const names = Object.keys(checksums)
      const rows = await memory.query(
        `select * from ${table} where coalesce(${names.join(', ')}, null) is not null`,
      )
      expect(rows).toEqual([])
    }
  })

  it('that copies a record with its checksum is told how to have the copy read as it is', async () => {
    const { memory, file } = await filled()
    await memory.store('a', 'kept')
    const columns = 'namespace, value, created_at, updated_at, revision, crc'
    foreign(
      file,
      `insert into memory_store (key, ${columns}) select 'it''s a copy', ${columns} from memory_store`,
    )
    const error: Corrupt = await memory.retrieve("it's a copy").catch(error => error)
    expect(error).toMatchObject(corrupt('memory_store', { namespace: 'default', key: "it's a copy" }))
    const [, statement = ''] = /`hivewax execute "([^"]+)"`/.exec(error.hint ?? '') ?? []
    expect(await memory.execute(statement)).toMatchObject({ changes: 1 })
    expect(await memory.retrieve("it's a copy")).toBe('kept')
  })

  it('keeps the checksum of what it leaves as it was', async () => {
    const { memory, file } = await filled()
    await memory.store('a', 'kept')
    foreign(file, "update memory_store set value = value, updated_at = '2026-01-01'")
    damage(file, 'memory_store', 'value', 'true')
    await expect(memory.retrieve('a')).rejects.toMatchObject({ code: 'corrupt' })
  })
})

it('a store that comes from PostgreSQL into a file has its checksums there', async () => {
  const { memory, file } = await filled()
  await storeEveryKind(memory)
  await memory.close()
  const url = scratchUrl()
  await copyStore({ from: file, to: url })
  const back = scratchFile('back.db')
  await copyStore({ from: url, to: back })
  const dump = (store: string) => {
    const db = new DatabaseSync(store, { readOnly: true })
    const rows = Object.entries(checksummed as Record<string, Checksummed>).map(
      ([table, { key, checksums }]) =>
        db
          .prepare(
            `select ${Object.keys(checksums)} from ${table} order by ${Object.keys(key)}, 1, 2`.replace(
              /, 2$/,
              '',
            ),
          )
          .all(),
    )
    db.close()
    return rows
  }
  expect(dump(back)).toEqual(dump(file))
})
