import path from 'node:path'
import { expect, it } from 'vitest'
import { hivewax } from '../support/cli.ts'
import { scratchFile } from '../support/memory.ts'

it('reserves files by globs as a shell has them, shows who has one, and gives them back', () => {
  const folder = path.dirname(scratchFile())
  const as = (agent: string, ...args: string[]) => {
    const { status, stdout, stderr } = hivewax(folder, ['--agent', agent, '--json', ...args])
    return { status, ...(JSON.parse(stdout || stderr) as { data?: unknown; error?: unknown }) }
  }
  expect(
    as('a', 'reserve', 'src/{a,b}.ts,docs', 'app/[id]/{x,y}', '--purpose', 'tools', '--lease-ms', '1h'),
  ).toMatchObject({
    status: 0,
    data: { globs: ['src/{a,b}.ts', 'docs', 'app/[id]/{x,y}'], leaseMs: 3_600_000 },
  })
  expect(as('b', 'reserve', 'README.md', 'src/b.ts')).toMatchObject({
    status: 4,
    error: { code: 'conflict' },
  })
  expect(as('b', 'reservations', 'src/b.ts')).toMatchObject({
    data: { items: [{ glob: 'src/{a,b}.ts', owner: 'a', purpose: 'tools', shared: false }] },
  })
  expect(as('b', 'release')).toMatchObject({ status: 3, error: { code: 'not_found' } })
  expect(as('a', 'release', 'docs')).toMatchObject({ data: ['docs'] })
  expect(as('b', 'reserve', 'docs/guide', '--shared')).toMatchObject({ status: 0, data: { shared: true } })
})
