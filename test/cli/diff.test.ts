import { expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('shows as lines how two revisions of a key differ', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('store', 'ci', '{"node":22,"os":["linux","mac"]}')
  run('store', 'ci', '{"node":24,"os":["linux"],"cache":true}')
  run('store', 'ci', 'off')
  const { stdout, stderr } = run('diff', 'ci', '1', '2')
  expect(stdout).toBe('- /node: 22\n+ /node: 24\n- /os/1: "mac"\n+ /cache: true\n')
  expect(stderr).toContain('3 changes from revision 1 to 2')
  expect(run('diff', 'ci', '2').stdout).toContain('+ /: "off"\n')
  expect(run('diff', 'ci', '3').stderr).toContain('no difference from revision 3 to 3')
  expect(document(run('diff', 'ci', '1', '2', '--json'))).toMatchObject({
    data: { from: 1, to: 2, changes: [{ op: 'replace', path: '/node', value: 24, was: 22 }, {}, {}] },
  })
  expect(run('diff', 'ci', '9')).toMatchObject({ status: 3 })
})
