import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import { openSqliteSource } from '../../src/importers/old-database.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { counts } from './counts.ts'
import { hive, makeDatabase, version2, version3 } from './fixtures.ts'

const all = { memory_entries: 'memory 7: 6 added, 1 expired' }

/** Every file of a folder and its content. */
function snapshot(folder: string): Record<string, string> {
  const digest = (name: string) =>
    createHash('sha256')
      .update(fs.readFileSync(path.join(folder, name)))
      .digest('hex')
  return Object.fromEntries(fs.readdirSync(folder).map(name => [name, digest(name)]))
}

it('leaves a database and its folder as they were, in either journal mode', async () => {
  for (const mode of ['delete', 'wal']) {
    const folder = scratchFolder()
    const file = makeDatabase(path.join(folder, 'memory.db'), `pragma journal_mode=${mode};${version2}`)
    const before = snapshot(folder)
    expect(counts(await importFrom(await openScratch(), file))).toEqual(all)
    expect(snapshot(folder)).toEqual(before)
  }
})

it('reads what is only in the log of a database that somebody else writes to, and goes on writing to', async () => {
  const file = path.join(scratchFolder(), 'memory.db')
  const writer = new DatabaseSync(file)
  onTestFinished(() => writer.close())
  writer.exec(`pragma journal_mode=wal; pragma wal_autocheckpoint=0; ${version2}`)
  const before = [fs.readFileSync(`${file}-wal`).length, fs.statSync(file).size]
  writer.exec('begin immediate')
  expect(counts(await importFrom(await openScratch(), file))).toEqual(all)
  writer.exec("insert into memory_entries (key, value) values ('later', 'x'); rollback")
  expect([fs.statSync(`${file}-wal`).size, fs.statSync(file).size]).toEqual(before)
  writer.exec("insert into memory_entries (key, value, created_at) values ('later', 'x', 1795328000)")
  const again = await importFrom(await openScratch(), file)
  expect(counts(again)).toEqual({ memory_entries: 'memory 8: 7 added, 1 expired' })
})

it('reads what a crash left in a log or a journal, from a copy', async () => {
  const crashed = scratchFolder()
  const writer = new DatabaseSync(path.join(scratchFolder(), 'memory.db'))
  onTestFinished(() => writer.close())
  writer.exec(`pragma journal_mode=wal; pragma wal_autocheckpoint=0; ${version2}`)
  const source = writer.location() ?? ''
  for (const suffix of ['', '-wal'])
    fs.copyFileSync(source + suffix, path.join(crashed, `memory.db${suffix}`))
  const before = snapshot(crashed)
  expect(counts(await importFrom(await openScratch(), path.join(crashed, 'memory.db')))).toEqual(all)
  expect(snapshot(crashed)).toEqual(before)

  const half = scratchFolder()
  const other = new DatabaseSync(path.join(scratchFolder(), 'memory.db'))
  onTestFinished(() => other.close())
  other.exec(`${version2} pragma cache_size=1; begin; create table filler (x)`)
  const fill = other.prepare('insert into filler values (?)')
  for (let i = 0; i < 3000; i++) fill.run('x'.repeat(300))
  const half2 = other.location() ?? ''
  for (const suffix of ['', '-journal'])
    fs.copyFileSync(half2 + suffix, path.join(half, `memory.db${suffix}`))
  expect(counts(await importFrom(await openScratch(), path.join(half, 'memory.db')))).toEqual(all)
})

it('ends when somebody begins to write what nobody had open, rather than take half of it', async () => {
  const file = makeDatabase(path.join(scratchFolder(), 'memory.db'), `pragma journal_mode=wal; ${version2}`)
  const options = { namespace: 'default', vectors: false, expired: false, maxValueBytes: 1_000_000 }
  const source = openSqliteSource(file, { ...options, now: new Date(), changedAt: new Date() })!
  onTestFinished(() => source.close())
  const read = async () => {
    for await (const _ of source.items()) {
      const writer = new DatabaseSync(file)
      writer.exec('delete from memory_entries')
      writer.close()
    }
  }
  await expect(read()).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining('was written'),
  })
})

/** Files that cannot be imported, and how that is told. */
const bad: Record<string, { make: (file: string) => unknown; code: string; message: RegExp }> = {
  'a database that is cut off': {
    make: file => fs.truncateSync(makeDatabase(file, version3), 8192),
    code: 'corrupt',
    message: /is damaged: /,
  },
  'a database with a damaged page': {
    make: file => {
      const rows = Array.from({ length: 500 }, (_, i) => `('k${i}', '${'v'.repeat(200)}')`)
      makeDatabase(file, `${version2} insert into memory_entries (key, value) values ${rows.join(',')}`)
      const bytes = fs.readFileSync(file)
      bytes.fill(0xaa, 16 * 4096, 18 * 4096)
      fs.writeFileSync(file, bytes)
    },
    code: 'corrupt',
    message: /is damaged: /,
  },
  'a database of another program': {
    make: file => makeDatabase(file, 'create table bookmarks (id integer primary key, url text)'),
    code: 'foreign_store',
    message: /no importer knows \(it holds: bookmarks\)/,
  },
  'a database that somebody has locked': {
    make: file => {
      const holder = new DatabaseSync(makeDatabase(file, version2))
      holder.exec('begin exclusive')
      onTestFinished(() => holder.close())
    },
    code: 'busy',
    message: /is locked by another program$/,
  },
  'an empty file': {
    make: file => fs.writeFileSync(file, ''),
    code: 'invalid_input',
    message: /it is empty$/,
  },
  'a text': {
    make: file => fs.writeFileSync(file, '# Notes\n'),
    code: 'invalid_input',
    message: /neither an SQLite database nor JSON$/,
  },
  'an image': {
    make: file => fs.writeFileSync(file, Buffer.from([0x89, 0x50, 0xff, 0, 1])),
    code: 'invalid_input',
    message: /neither an SQLite database nor text$/,
  },
  'JSON that is cut off': {
    make: file => fs.writeFileSync(file, '{"a": [1, 2'),
    code: 'corrupt',
    message: /is damaged: it begins as JSON, but /,
  },
  'JSON without records': {
    make: file => fs.writeFileSync(file, '[1, 2]'),
    code: 'invalid_input',
    message: /holds no records$/,
  },
  'lines of which one is cut off': {
    make: file => fs.writeFileSync(file, '{"key":"a","value":1}\n{"key":"b","va'),
    code: 'corrupt',
    message: /is damaged: line 2 is not JSON$/,
  },
  'a file that is not there': { make: () => {}, code: 'not_found', message: /^there is no file / },
}

for (const [name, { make, code, message }] of Object.entries(bad)) {
  it(`tells in one line of ${name}, and stores nothing`, async () => {
    const folder = scratchFolder()
    const file = path.join(folder, 'memory.db')
    make(file)
    const good = makeDatabase(path.join(folder, 'good.db'), hive)
    const memory = await openScratch()
    const failure = await importFrom(memory, [good, file]).then(
      () => undefined,
      error => error,
    )
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(failure.message).not.toContain('\n')
    expect((await memory.tasks.list()).items).toEqual([])
  })
}
