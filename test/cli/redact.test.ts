import { expect, it } from 'vitest'
import { hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('redacts a key only when somebody means it, and the history then names who did', () => {
  const folder = scratchFolder()
  const run = (...args: string[]) => hivewax(folder, args)
  run('store', 'api', 'sk-secret', '--agent', 'coder-1')
  expect(run('redact', 'api')).toMatchObject({ status: 2, stderr: expect.stringContaining('Add --yes') })
  expect(run('retrieve', 'api').stdout).toBe('sk-secret\n')

  expect(run('redact', 'api', '--reason', 'leaked', '--yes', '--agent', 'lead').stdout).toBe(
    'revisions: [1]\n',
  )
  expect(run('retrieve', 'api').status).toBe(3)
  const { stdout } = run('history', 'api')
  expect(stdout).not.toContain('sk-')
  expect(stdout).toMatch(/1 +redacted .*coder-1 \(cli\).*\d by lead \(cli\)/)
  expect(run('events', 'list', '--types', 'memory.redacted', '--json').stdout).toContain('"reason":"leaked"')
})
