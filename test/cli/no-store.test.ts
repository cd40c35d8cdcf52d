import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, it } from 'vitest'
import { commands } from '../../src/cli/command-tree.ts'
import { hivewax } from '../support/cli.ts'
import { callOf } from '../support/command-calls.ts'
import { scratchFolder } from '../support/memory.ts'

/** A call of each command that only looks, with a value for all that it requires. */
const looks = commands.all
  .filter(({ effect, operation }) => effect === 'read' && operation !== undefined)
  .map(command => [...callOf(command), '--json'])

it('a look creates nothing, whatever it looks for, and says where it has looked', () => {
  const folder = scratchFolder()
  const script = `
    const { Program } = await import(${JSON.stringify(new URL('../../src/cli/program.ts', import.meta.url).href)})
    for (const look of ${JSON.stringify(looks)}) await new Program().run(look)`
  const { HIVEWAX_URL: _, ...env } = process.env
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  const answers = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(answers).toHaveLength(looks.length)
  for (const [i, answer] of answers.entries())
    expect({ look: looks[i], answer }).toMatchObject({
      answer: {
        ok: false,
        error: { code: 'not_found', message: expect.stringContaining('no memory here yet') },
      },
    })
  expect(fs.readdirSync(folder)).toEqual([])
})

it('a store of which only the log is left is not called absent', () => {
  const folder = scratchFolder()
  fs.mkdirSync(`${folder}/.swarm`)
  fs.writeFileSync(`${folder}/.swarm/memory.db-wal`, 'left')
  const { status, stderr } = hivewax(folder, ['search', '*'])
  expect(stderr).toContain('only its log is left')
  expect(status).toBe(7)
})

it('a person learns what to do about it', () => {
  const folder = fs.realpathSync(scratchFolder())
  expect(hivewax(folder, ['search', '*'])).toEqual({
    status: 3,
    stdout: '',
    stderr: `error: there is no memory here yet: looked for ${folder}/.swarm/memory.db (the working directory)
hint: The first store, or hivewax init, makes it. For one that is elsewhere: --url, or HIVEWAX_URL.
`,
  })
  expect(hivewax(folder, ['store', 'k', '1']).status).toBe(0)
  expect(hivewax(folder, ['search', '*']).status).toBe(0)
})
