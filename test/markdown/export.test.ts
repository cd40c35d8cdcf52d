import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { importFrom } from '../../src/importers/import-from.ts'
import { exportMemory } from '../../src/markdown/export-memory.ts'
import type { Memory } from '../../src/memory.ts'
import { document, hivewax } from '../support/cli.ts'
import { engines } from '../support/engines.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { openHttpScratch } from '../support/server.ts'

const newFolder = () => path.join(scratchFolder(), 'memory')

async function recordsOf(memory: Memory) {
  const { items } = await memory.kv.search('*', { namespace: '*', limit: 1_000 })
  return items.map(({ revision, ...record }) => record)
}

/** Everything that a record can have. */
async function fill(memory: Memory): Promise<void> {
  const coder = memory.as('coder-1')
  await coder.store('decision/db', 'We use **SQLite**.\n\n- one file\n', { metadata: { tags: ['db'] } })
  await coder.store('decision/queue', { name: 'tasks', sizes: [1, 2.5, null] })
  await memory.store('Decision/DB', 'differs in case', { namespace: 'default' })
  await memory.store('../escape', '', { namespace: 'team/a' })
  await memory.store('lines', 'one\r\ntwo', { ttl: 3_600 })
  await memory.store('number', 1.5)
}

const files = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .sort()

it.each(engines)('$name: memory is the same there and back, authors and times included', async ({ open }) => {
  const memory = await open()
  await fill(memory)
  const folder = newFolder()
  expect(await exportMemory(memory, folder)).toMatchObject({ records: 6, written: 6, kept: [] })
  const other = (await open()).as('importer')
  const { sections } = await importFrom(other, folder)
  expect(sections).toMatchObject([{ format: 'Markdown', found: 6, added: 6 }])
  const there = await recordsOf(memory)
  const back = await recordsOf(other)
  expect(back.map(({ author, ...record }) => record)).toEqual(there.map(({ author, ...record }) => record))
  expect(back.map(({ author }) => author)).toMatchObject(there.map(({ author }) => author ?? {}))
  expect((await importFrom(other, folder)).sections).toMatchObject([{ found: 6, unchanged: 6 }])
  expect(await exportMemory(other, folder)).toMatchObject({ records: 6, written: 0, unchanged: 6, kept: [] })
})

it('a server is exported as a file is', async () => {
  const memory = await openHttpScratch()
  await memory.store('a/b', 'text')
  const folder = newFolder()
  await exportMemory(memory, folder)
  expect(files(folder)).toEqual(['default/a/b.md'])
})

it('an export into the same folder writes what has changed and removes what is gone', async () => {
  const memory = await openScratch()
  await fill(memory)
  const folder = newFolder()
  await exportMemory(memory, folder)
  expect(files(folder)).toContain('default/decision/queue.md')
  await memory.store('number', 2)
  await memory.delete('decision/queue')
  await memory.delete('../escape', { namespace: 'team/a' })
  const progress: number[] = []
  const onProgress = ({ fraction }: { fraction: number }) => progress.push(fraction)
  const result = await exportMemory(memory, folder, { onProgress })
  expect(result).toEqual({ folder, records: 4, written: 1, unchanged: 3, removed: 2, kept: [] })
  expect(files(folder)).not.toContain('default/decision/queue.md')
  expect(fs.readdirSync(folder).sort()).toEqual(['.hivewax-export', 'default'])
  expect(progress.at(-1)).toBe(1)
})

it('only what is asked for is written, and removed', async () => {
  const memory = await openScratch()
  await fill(memory)
  const folder = newFolder()
  await exportMemory(memory, folder)
  await memory.delete('decision/db')
  await memory.delete('number')
  const some = await exportMemory(memory, folder, { namespace: 'default', keys: 'decision/*' })
  expect(some).toMatchObject({ records: 1, unchanged: 1, removed: 1, kept: [] })
  expect(files(folder)).toContain('default/number.md')
  const decisions = newFolder()
  await exportMemory(memory, decisions, { keys: 'decision/*' })
  expect(files(decisions)).toEqual(['default/decision/queue.md'])
})

it('what a person has written into the folder stays, and becomes a version of the memory', async () => {
  const memory = await openScratch()
  await memory.as('coder-1').store('decision/db', 'SQLite')
  await memory.store('gone', 'here')
  const folder = newFolder()
  await exportMemory(memory, folder)
  const file = path.join(folder, 'default/decision/db.md')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('SQLite', 'PostgreSQL'))
  fs.appendFileSync(path.join(folder, 'default/gone.md'), 'more\n')
  fs.writeFileSync(path.join(folder, 'default/new one.md'), '# New\n')
  await memory.delete('gone')
  const kept = ['decision/db', 'gone', 'new one'].map(key => ({ file: `default/${key}.md`, why: 'edited' }))
  expect((await exportMemory(memory, folder)).kept).toEqual(kept)
  await importFrom(memory.as('ada'), folder)
  expect(await memory.kv.get('decision/db')).toMatchObject({
    value: 'PostgreSQL',
    author: { agent: 'ada', via: 'import' },
  })
  expect((await memory.kv.history('decision/db')).items[1]).toMatchObject({
    value: 'SQLite',
    author: { agent: 'coder-1' },
  })
  expect(await memory.retrieve('new one')).toBe('# New')
  expect(await memory.retrieve('gone')).toBe('here\nmore')
  expect(await exportMemory(memory, folder)).toMatchObject({ written: 3, kept: [] })
  expect(await exportMemory(memory, folder)).toMatchObject({ unchanged: 3, kept: [] })
})

it('what another store has written into the folder stays until it is imported', async () => {
  const [memory, other] = [await openScratch(), await openScratch()]
  await memory.store('both', 1)
  const folder = newFolder()
  await exportMemory(memory, folder)
  await importFrom(other, folder)
  await other.store('both', 2)
  await other.store('theirs', 'x')
  await exportMemory(other, folder)
  expect((await exportMemory(memory, folder)).kept).toEqual([
    { file: 'default/both.md', why: 'newer' },
    { file: 'default/theirs.md', why: 'unknown' },
  ])
  await importFrom(memory, folder)
  expect(await exportMemory(memory, folder)).toMatchObject({ unchanged: 2, kept: [] })
  expect(await memory.retrieve('both')).toBe(2)
})

it('nothing else is replaced, and no link followed', async () => {
  const memory = await openScratch()
  await memory.store('a', 1)
  const folder = newFolder()
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'mine.md'), 'mine')
  await expect(exportMemory(memory, folder)).rejects.toThrow('is not an export of memory')
  await expect(exportMemory(memory, path.join(folder, 'no', 'such'))).rejects.toMatchObject({
    code: 'not_found',
  })
  fs.rmSync(path.join(folder, 'mine.md'))
  await exportMemory(memory, folder)
  const outside = path.join(scratchFolder(), 'outside.md')
  fs.writeFileSync(outside, 'outside')
  const file = path.join(folder, 'default/a.md')
  fs.rmSync(file)
  fs.symlinkSync(outside, file)
  expect((await exportMemory(memory, folder)).kept).toEqual([{ file: 'default/a.md', why: 'unreadable' }])
  expect(fs.readFileSync(outside, 'utf8')).toBe('outside')
  const [section] = (await importFrom(await openScratch(), folder)).sections
  expect(section).toMatchObject({ found: 0 })
})

it('a folder with a file that cannot be read changes nothing, and names it', async () => {
  const memory = await openScratch()
  await fill(memory)
  const folder = newFolder()
  await exportMemory(memory, folder)
  const file = path.join(folder, 'default/number.md')
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('1.5', '{'))
  const other = await openScratch()
  await expect(importFrom(other, folder)).rejects.toThrow(`${file}: the value`)
  expect(await recordsOf(other)).toEqual([])
})

it('a file of Markdown is a text under its name', async () => {
  const file = path.join(scratchFolder(), 'meeting notes.md')
  fs.writeFileSync(file, '---\ntags:\n  - one\n---\n# Notes\n')
  const memory = await openScratch()
  await importFrom(memory, file, { namespace: 'notes' })
  expect(await memory.retrieve('meeting notes', { namespace: 'notes' })).toContain('# Notes')
})

/** A clone of a repository, and a memory of its own. */
async function clone(origin: string, name: string) {
  const folder = path.join(scratchFolder(), name)
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-C', folder, '-c', `user.name=${name}`, '-c', `user.email=${name}@example.com`, ...args],
      {
        encoding: 'utf8',
        stdio: 'pipe',
      },
    )
  execFileSync('git', ['clone', '-q', origin, folder], { stdio: 'pipe' })
  git('config', 'pull.rebase', 'false')
  const memory = (await openScratch()).as(name)
  const notes = path.join(folder, 'notes')
  const share = async () => {
    await exportMemory(memory, notes)
    git('add', '-A')
    git('commit', '-qm', 'memory', '--allow-empty')
    git('pull', '-q', '--no-edit')
    await importFrom(memory, notes)
    git('push', '-q', 'origin', 'HEAD')
  }
  return { folder, notes, git, memory, share }
}

it('two clones of a git repository share a memory, and a conflict is found before anything is taken', async () => {
  const origin = path.join(scratchFolder(), 'origin.git')
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', origin])
  const ada = await clone(origin, 'ada')
  await ada.memory.store('decision/db', 'SQLite')
  await exportMemory(ada.memory, ada.notes)
  ada.git('add', '-A')
  ada.git('commit', '-qm', 'memory')
  ada.git('push', '-q', 'origin', 'HEAD')
  const bob = await clone(origin, 'bob')
  await bob.share()
  expect(await bob.memory.kv.get('decision/db')).toMatchObject({ value: 'SQLite', author: { agent: 'ada' } })
  await bob.memory.store('decision/queue', 'tasks')
  await bob.share()
  await ada.memory.store('decision/ui', 'React')
  await ada.share()
  await bob.share()
  expect(await recordsOf(ada.memory)).toHaveLength(3)
  expect((await recordsOf(bob.memory)).map(({ value }) => value)).toEqual(
    (await recordsOf(ada.memory)).map(({ value }) => value),
  )
  await ada.memory.store('decision/db', 'SQLite, in WAL mode')
  await ada.share()
  await bob.memory.store('decision/db', 'PostgreSQL')
  await exportMemory(bob.memory, bob.notes)
  bob.git('commit', '-qam', 'memory')
  expect(() => bob.git('pull', '-q', '--no-edit')).toThrow()
  await expect(importFrom(bob.memory, bob.notes)).rejects.toThrow('conflicts that git has marked')
  bob.git('checkout', '--theirs', '.')
  await importFrom(bob.memory, bob.notes, { onConflict: 'replace' })
  expect(await bob.memory.retrieve('decision/db')).toBe('SQLite, in WAL mode')
})

it('the command line says what became of the files', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('store', 'decision/db', 'SQLite')
  expect(run('export', 'notes').stderr).toContain('1 record in notes: 1 written, 0 unchanged, 0 removed')
  fs.appendFileSync(path.join(folder, 'notes/default/decision/db.md'), 'more\n')
  const kept = run('export', 'notes')
  expect(kept.stdout).toContain('default/decision/db.md')
  expect(kept.stdout).toContain('edited since it was written')
  expect(kept.stderr).toContain('hivewax import notes')
  expect(run('import', 'notes')).toMatchObject({ status: 0 })
  expect(document(run('export', 'notes', '--json'))).toMatchObject({ data: { written: 1, kept: [] } })
  expect(run('retrieve', 'decision/db').stdout).toBe('SQLite\nmore\n')
})
