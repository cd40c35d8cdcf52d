import { expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('says as a table what an undo would do with each record and why, and then does just that', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('store', 'db', 'SQLite', '--agent', 'coder-1')
  run('store', 'db', 'garbage', '--agent', 'coder-2')
  run('store', 'api', 'REST', '--agent', 'coder-1')
  run('delete', 'api', '--agent', 'coder-2')
  run('store', 'new', 'garbage', '--agent', 'coder-2', '--namespace', 'ui')
  run('store', 'mended', 'garbage', '--agent', 'coder-2')
  run('store', 'mended', 'well', '--agent', 'coder-3')
  run('agents', 'store-memory', 'coder-2', 'note', 'garbage', '--agent', 'coder-2')

  const plan = run('undo', 'coder-2', '--dry-run')
  const [head, ...rows] = plan.stdout.trimEnd().split('\n')
  expect(head).toMatch(/^key +in +namespace +agentId +change$/)
  expect(rows.map(row => row.split(/ {2,}/))).toEqual([
    ['db', 'memory', 'default', 'put back to revision 1'],
    ['new', 'memory', 'ui', 'deleted: there was nothing before'],
    ['api', 'memory', 'default', 'put back to revision 1, after its deletion'],
    ['mended', 'memory', 'default', 'left: changed since by coder-3 (cli)'],
    ['note', 'agent_memory', 'coder-2', 'deleted: there was nothing before'],
  ])
  const sentence = '2 would be put back, 2 would be deleted, 1 would be left as it is; nothing was changed'
  expect(plan.stderr).toContain(sentence)
  expect(run('retrieve', 'db').stdout).toBe('garbage\n')

  const programs = run('undo', 'coder-2', '--dry-run', '--plain').stdout.split('\n')
  expect(programs[0]).toBe('db\tmemory\tdefault\t\trestored\t\t\tfalse\t[2]\t')
  const { data } = document(run('undo', 'coder-2', '--dry-run', '--json')) as { data: { records: unknown[] } }
  expect(data).toMatchObject({ restored: 2, deleted: 2, skipped: 1, dryRun: true })
  expect(data.records).toHaveLength(5)

  const done = run('undo', 'coder-2')
  expect(done.stdout).toBe(plan.stdout)
  expect(done.stderr).toContain('2 put back, 2 deleted, 1 left as it is\n')
  expect(run('retrieve', 'api').stdout).toBe('REST\n')
  expect(run('undo', 'nobody').stderr).toContain('nothing to undo of nobody')
})
