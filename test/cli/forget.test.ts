import fs from 'node:fs'
import { expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('says as a table what would be forgotten, asks, and leaves nothing of it in the files', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('store', 'db', 'SQLite', '--agent', 'coder-1')
  run('store', 'db', 'poison', '--agent', 'coder-2')
  run('store', 'new', 'poison', '--agent', 'coder-2')
  run('store', 'mended', 'poison', '--agent', 'coder-2')
  run('store', 'mended', 'well', '--agent', 'coder-1')

  const plan = run('forget', 'coder-2', '--dry-run')
  const [head, ...rows] = plan.stdout.trimEnd().split('\n')
  expect(head).toMatch(/^key +in +namespace +now +gone$/)
  expect(rows.map(row => row.split(/ {2,}/))).toEqual([
    ['db', 'memory', 'default', 'holds again what it held before', 'revision 2'],
    ['new', 'memory', 'default', 'deleted', 'revision 1'],
    ['mended', 'memory', 'default', 'holds what others have written', 'revision 1'],
  ])
  expect(plan.stderr).toContain(
    '1 would be put back, 1 would be deleted, 1 only in its history; nothing was changed',
  )
  expect(run('forget', 'coder-2')).toMatchObject({ status: 2 })
  expect(run('retrieve', 'db').stdout).toBe('poison\n')

  const { data } = document(run('forget', 'coder-2', '--yes', '--json')) as { data: { records: unknown[] } }
  expect(data).toMatchObject({ restored: 1, deleted: 1, kept: 1, dryRun: false })
  expect(data.records).toHaveLength(3)
  expect(run('retrieve', 'db').stdout).toBe('SQLite\n')
  const files = fs.readdirSync(`${folder}/.swarm`).filter(name => name.startsWith('memory.db'))
  for (const name of files)
    expect(fs.readFileSync(`${folder}/.swarm/${name}`, 'latin1')).not.toContain('poison')
  expect(run('forget', 'coder-2', '--yes').stderr).toContain('nothing to forget of coder-2')
})
