import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { bank, hive, makeDatabase, mirror, version2, version3 } from './fixtures.ts'

/** A project in which the old product was used, its database in the place of ours. */
function oldProject(): string {
  const folder = scratchFolder()
  for (const name of ['.swarm', '.hive-mind', '.claude-flow/agents']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true })
  }
  makeDatabase(path.join(folder, '.swarm/memory.db'), version3)
  makeDatabase(path.join(folder, '.swarm/agentdb-memory.db'), mirror)
  makeDatabase(path.join(folder, '.hive-mind/hive.db'), hive)
  fs.writeFileSync(
    path.join(folder, '.claude-flow/agents/store.json'),
    '{"agents":{"a":{"agentId":"a","agentType":"coder"}}}',
  )
  fs.writeFileSync(path.join(folder, '.claude-flow/other.json'), '[1, 2]')
  return folder
}

const swarm = (folder: string) =>
  fs
    .readdirSync(path.join(folder, '.swarm'))
    .filter(name => !/-(shm|wal)$/.test(name))
    .sort()

const retrieve = (folder: string, ...args: string[]) => hivewax(folder, ['retrieve', ...args]).stdout.trim()

it('shows in a dry run what would come from where, and creates nothing', () => {
  const folder = oldProject()
  const ran = hivewax(folder, ['import', '--dry-run'])
  expect(ran.status).toBe(0)
  const lines = ran.stdout.split('\n').map(line => line.trim().replace(/ {2,}/g, ' | '))
  expect(lines).toEqual([
    'file | from | to | found | added | updated | unchanged | kept | refused | left',
    '.swarm/memory.db | memory_entries | memory | 5 | 3 | 0 | 0 | 0 | 0 | 1 deleted, 1 expired',
    '.swarm/memory.db | memory_entries.embedding | – | 2 | 0 | 0 | 0 | 0 | 0 | 2 derived',
    '.swarm/memory.db | metadata | – | 2 | 0 | 0 | 0 | 0 | 0 | 2 settings',
    '.swarm/memory.db | notes | memory | 1 | 1 | 0 | 0 | 0 | 0',
    '.swarm/memory.db | trajectories | memory | 1 | 1 | 0 | 0 | 0 | 0',
    '.swarm/memory.db | vector_indexes | – | 1 | 0 | 0 | 0 | 0 | 0 | 1 derived',
    '.swarm/agentdb-memory.db | memory_entries | memory | 4 | 1 | 1 | 0 | 0 | 0 | 1 deleted, 1 expired',
    '.swarm/agentdb-memory.db | pattern_embeddings | – | 1 | 0 | 0 | 0 | 0 | 0 | 1 derived',
    '.swarm/agentdb-memory.db | reasoning_patterns | pattern | 1 | 1 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | agents | agent | 2 | 2 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | collective_memory | memory | 1 | 1 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | session_checkpoints | memory | 1 | 1 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | session_logs | memory | 2 | 2 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | sessions | session | 1 | 1 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | swarms | memory | 1 | 1 | 0 | 0 | 0 | 0',
    '.hive-mind/hive.db | tasks | task | 2 | 2 | 0 | 0 | 0 | 0',
    '.claude-flow/agents/store.json | agents | agent | 1 | 1 | 0 | 0 | 0 | 0',
    '',
  ])
  expect(ran.stderr).toContain('would be kept as memory.claude-flow.db')
  expect(ran.stderr).toContain('skipped: ')
  expect(ran.stderr).toContain('nothing was written; 19 records would be')
  expect(swarm(folder)).toEqual(['agentdb-memory.db', 'memory.db'])
})

it('asks before it moves the old memory aside, and names itself where that is in the way', () => {
  const folder = oldProject()
  const inTheWay = hivewax(folder, ['retrieve', 'hello'])
  expect(inTheWay.status).toBe(2)
  expect(inTheWay.stderr).toContain('`hivewax import`')
  const ran = hivewax(folder, ['import'])
  expect(ran.status).toBe(2)
  expect(ran.stderr).toContain('Add --yes: the file is kept beside under another name')
  expect(swarm(folder)).toEqual(['agentdb-memory.db', 'memory.db'])
})

it('keeps the old memory beside, byte by byte, and puts the new one in its place', () => {
  const folder = oldProject()
  const before = fs.readFileSync(path.join(folder, '.swarm/memory.db'))
  const ran = hivewax(folder, ['import', '--yes', '--json'])
  expect(ran.status).toBe(0)
  expect(document(ran)).toMatchObject({ ok: true, data: { dryRun: false, refusals: [] } })
  expect(swarm(folder)).toEqual(['.gitignore', 'agentdb-memory.db', 'memory.claude-flow.db', 'memory.db'])
  expect(fs.readFileSync(path.join(folder, '.swarm/memory.claude-flow.db')).equals(before)).toBe(true)
  expect(retrieve(folder, 'hello')).toBe('second value')
  expect(retrieve(folder, 'only')).toBe('here')
  expect(hivewax(folder, ['retrieve', 'token', '--namespace', 'cache']).status).toBe(3)
  expect(hivewax(folder, ['import']).stderr).toContain('0 records were written')
})

it('takes the log of the old memory along, also when a crash came between', () => {
  for (const isCut of [false, true]) {
    const folder = scratchFolder()
    fs.mkdirSync(path.join(folder, '.swarm'))
    const writer = new DatabaseSync(path.join(scratchFolder(), 'memory.db'))
    onTestFinished(() => writer.close())
    writer.exec(`pragma journal_mode=wal; pragma wal_autocheckpoint=0; ${version2}`)
    const old = path.join(folder, '.swarm/memory.db')
    fs.copyFileSync(writer.location() ?? '', old)
    const aside = path.join(folder, '.swarm/memory.claude-flow.db')
    if (isCut) fs.linkSync(old, aside)
    fs.copyFileSync(`${writer.location()}-wal`, isCut ? `${aside}-wal` : `${old}-wal`)
    const ran = hivewax(folder, ['import', '--yes'])
    expect(ran.stderr).toContain('6 records were written')
    expect(retrieve(folder, 'plain')).toBe('from mcp')
  }
})

it('gives every old memory a name of its own, at which nothing is left of another', () => {
  const folder = oldProject()
  hivewax(folder, ['import', '--yes'])
  for (const name of fs.readdirSync(path.join(folder, '.swarm')).filter(file => /^memory\.db/.test(file))) {
    fs.rmSync(path.join(folder, '.swarm', name))
  }
  makeDatabase(path.join(folder, '.swarm/memory.db'), bank)
  const left = path.join(folder, '.swarm/memory.claude-flow-2.db-wal')
  fs.writeFileSync(left, 'the log of another database')
  expect(hivewax(folder, ['import', '--yes']).status).toBe(0)
  expect(fs.readFileSync(left, 'utf8')).toBe('the log of another database')
  expect(swarm(folder)).toEqual([
    '.gitignore',
    'agentdb-memory.db',
    'memory.claude-flow-3.db',
    'memory.claude-flow.db',
    'memory.db',
  ])
})

it('answers what cannot be imported with one line and its exit code', () => {
  const folder = scratchFolder()
  fs.mkdirSync(path.join(folder, '.swarm'))
  const file = path.join(folder, 'source')
  const attempt = () => {
    const { status, stderr } = hivewax(folder, ['import', file])
    return [status, stderr.split('\n').filter(line => line.startsWith('error:')).length]
  }
  expect(attempt()).toEqual([3, 1])
  fs.writeFileSync(file, 'notes')
  expect(attempt()).toEqual([2, 1])
  fs.writeFileSync(file, '{"a":')
  expect(attempt()).toEqual([7, 1])
  fs.rmSync(file)
  const holder = new DatabaseSync(makeDatabase(file, version2))
  onTestFinished(() => holder.close())
  holder.exec('begin exclusive')
  expect(attempt()).toEqual([6, 1])
})

it('brings the rest of a project when one of its files is damaged, and says so in its exit code', () => {
  const folder = oldProject()
  fs.truncateSync(path.join(folder, '.hive-mind/hive.db'), 8192)
  const ran = hivewax(folder, ['import', '--yes'])
  expect(ran.status).toBe(7)
  expect(ran.stderr).toMatch(/skipped: .*hive\.db is damaged/)
  expect(retrieve(folder, 'hello')).toBe('second value')
})

it('finds nothing where nothing is', () => {
  const folder = scratchFolder()
  const ran = hivewax(folder, ['import'])
  expect(ran.status).toBe(3)
  expect(ran.stderr).toContain('there is nothing to import')
  expect(fs.readdirSync(folder)).toEqual([])
})
