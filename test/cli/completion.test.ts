import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

/** What completion offers for these words, the last one begun. */
function offered(folder: string, ...words: string[]): string[] {
  const { stdout } = hivewax(folder, ['complete', '--', ...words])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => line.split('\t')[0] ?? '')
}

describe('completion', () => {
  it('offers commands, options, choices and keys', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'user_name', 'a'])
    hivewax(folder, ['store', 'user_*', 'b'])
    hivewax(folder, ['store', 'other', 'c', '--namespace', 'ui'])
    expect(offered(folder, 'retr')).toEqual(['retrieve', 'retrieve-many'])
    expect(offered(folder, 'tasks', 'cl')).toEqual(['claim'])
    expect(offered(folder, 'help', 'tasks', 'cl')).toEqual(['claim'])
    expect(offered(folder, '')).toContain('tasks')
    expect(offered(folder, 'store', 'a', 'b', '--if')).toEqual(['--if-absent'])
    expect(offered(folder, 'store', '--no-')).toEqual(['--no-input', '--no-color'])
    expect(offered(folder, 'retrieve', '--durability', '')).toEqual(['full', 'normal'])
    expect(offered(folder, 'retrieve', 'user')).toEqual(['user_name'])
    expect(offered(folder, 'retrieve', 'x', '--namespace', 'u')).toEqual(['ui'])
    expect(offered(folder, 'store', 'a', 'b', '')).toEqual([])
  })

  it('creates no store', () => {
    const folder = scratchFolder()
    expect(offered(folder, 'retrieve', '')).toEqual([])
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it.each(['bash', 'zsh', 'fish'])('prints a script that %s can parse', shell => {
    const { status, stdout } = hivewax(scratchFolder(), ['completion', shell])
    expect(status).toBe(0)
    expect(stdout).toContain('hivewax complete -- ')
    const { error, stderr } = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
    // Where the shell is not installed, its own tests of the script must do.
    if (error === undefined) expect(stderr).toBe('')
  })

  it('works in bash', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'team:alpha', '1'])
    hivewax(folder, ['store', 'team:beta', '2'])
    const bin = path.join(folder, 'bin')
    fs.mkdirSync(bin)
    fs.writeFileSync(
      path.join(bin, 'hivewax'),
      `#!/bin/sh\nexec '${process.execPath}' '${hivewaxFile}' "$@"\n`,
      { mode: 0o755 },
    )
    const complete = (line: string) => {
      const script = `eval "$(hivewax completion bash)"; COMP_LINE='${line}' COMP_POINT=${line.length}; _hivewax; printf '%s\\n' "\${COMPREPLY[@]}"`
      const env = cliEnv(folder, { PATH: `${bin}:${process.env.PATH}` })
      return spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' })
        .stdout.trim()
        .split('\n')
    }
    expect(complete('hivewax tasks cl')).toEqual(['claim'])
    expect(complete('hivewax tasks claim --agent')).toEqual(['--agent-id', '--agent'])
    // Bash has cut the word at the colon, and puts what we say after it.
    expect(complete('hivewax retrieve team:')).toEqual(['alpha', 'beta'])
  })
})
