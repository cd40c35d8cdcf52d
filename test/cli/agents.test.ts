import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('lists agents with how they live and what they work on, in words for people', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('agents', 'register', 'busy', 'coder', '--ttl', '3600', '--capabilities', 'js,ts')
  run('agents', 'register', 'gone', 'coder', '--ttl', '0.001', '--capabilities', 'js')
  run('agents', 'register', 'steady', 'tester')
  run('tasks', 'create', 'work', '--id', 't-1')
  run('tasks', 'claim', '--agent-id', 'busy', '--lease-ms', '3600000')
  run('locks', 'acquire', 'deploy', '--owner', 'busy', '--lease-ms', '3600000')
  const db = new DatabaseSync(`${folder}/.swarm/memory.db`)
  const since = new Date(Date.now() - 200_000).toISOString().replace('T', ' ').replace('Z', '')
  db.prepare("update agents set last_active = ? where id = 'gone'").run(since)
  db.close()

  const [head, busy, gone, steady] = run('agents', 'list').stdout.split('\n')
  expect(head).toMatch(/^id +type +life +worksOn +capabilities +lastActive$/)
  expect(busy).toMatch(/^busy +coder +alive +task t-1, lock deploy +js, ts +20/)
  expect(gone).toMatch(/^gone +coder +gone for 3m +js +20/)
  expect(steady).toMatch(/^steady +tester +no ttl +20/)
  expect(document(run('agents', 'list', '--capabilities', 'js,ts', '--json'))).toMatchObject({
    ok: true,
    data: { items: [{ id: 'busy', alive: true, ttl: 3600, tasks: ['t-1'], locks: ['deploy'] }] },
  })
  const plain = run('agents', 'list', '--limit', '1', '--plain')
  expect(plain.stdout.split('\t').slice(0, 3)).toEqual(['busy', 'coder', '["js","ts"]'])
  expect(plain.stderr).toContain('more follow: --cursor')
})
