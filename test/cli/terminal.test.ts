import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { atTerminal, hasScript } from '../support/terminal.ts'

describe.skipIf(!hasScript)('at a terminal (skipped without the script program)', () => {
  it('tables fit its width, and control characters of others are spelled out', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'long', 'x'.repeat(300)])
    hivewax(folder, ['store', 'rude', '\u001b[2Jcleared'])
    const terminal = atTerminal(folder, "search '*' --no-color")
    expect(await terminal.exited).toBe(0)
    const lines = terminal.shown().split('\r\n')
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/^long {2}default {4}x+… /)
    expect(lines[2]).toContain('\\u001b[2')
    expect(terminal.shown()).not.toContain('\u001b')
  })

  it('a record alone that is too wide for a table is shown whole', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['tasks', 'create', 'write the parser'])
    const terminal = atTerminal(folder, 'tasks claim --agent coder-1 --no-color')
    await terminal.exited
    expect(terminal.shown()).toMatch(/^id: {11}[-0-9a-f]{36}\r$/m)
    expect(terminal.shown()).toMatch(/^token: {8}1\r$/m)
  })

  it('has colours, which NO_COLOR and TERM=dumb turn off', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const shown = async (args: string, env: NodeJS.ProcessEnv = {}) => {
      const terminal = atTerminal(folder, args, env)
      await terminal.exited
      return terminal.shown()
    }
    expect(await shown('get a')).toContain('\u001b[36m')
    expect(await shown('get a', { NO_COLOR: '1' })).not.toContain('\u001b')
    expect(await shown('get a', { TERM: 'dumb' })).not.toContain('\u001b')
  })

  it('a long job shows a bar that goes away, unless --quiet', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const loud = atTerminal(folder, 'backup copy.db')
    expect(await loud.exited).toBe(0)
    const parts = loud.shown().split('\r\u001b[K')
    expect(parts.at(-2)).toMatch(/^━+ *\d+% /)
    expect(parts.at(-1)).toMatch(/path:/)
    const quiet = atTerminal(folder, 'backup copy.db --quiet')
    await quiet.exited
    expect(quiet.shown()).not.toContain('%')
  })

  it('destruction is asked for, and only yes does it', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const no = atTerminal(folder, 'clear-namespace default')
    await no.until('[y/N] ')
    no.type('n\r')
    expect(await no.exited).toBe(2)
    expect(hivewax(folder, ['retrieve', 'a']).stdout).toBe('1\n')
    expect(await atTerminal(folder, 'clear-namespace default --no-input').exited).toBe(2)
    const left = atTerminal(folder, 'clear-namespace default')
    await left.until('[y/N] ')
    left.type('\u0004')
    expect(await left.exited).toBe(2)
    const interrupted = atTerminal(folder, 'clear-namespace default')
    await interrupted.until('[y/N] ')
    interrupted.type('\u0003')
    expect(await interrupted.exited).toBe(130)
    expect(hivewax(folder, ['retrieve', 'a']).stdout).toBe('1\n')
    const yes = atTerminal(folder, 'clear-namespace default')
    await yes.until('[y/N] ')
    yes.type('y\r')
    expect(await yes.exited).toBe(0)
    expect(hivewax(folder, ['retrieve', 'a']).status).toBe(3)
  })

  it('the shell completes commands and keys, hears Ctrl-C, and keeps its history', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'build_settings', 'dark'])
    hivewax(folder, ['events', 'log', 'begun'])
    const shell = atTerminal(folder, 'shell')
    await shell.until('hivewax> ')
    shell.type('retr\t')
    await shell.until('retrieve')
    shell.type(' build\t')
    await shell.until('build_settings')
    shell.type('\r')
    await shell.until('dark')
    await shell.until('hivewax> ')
    shell.type('half a line\u0003')
    shell.type('events tail --follow\r')
    // Only now it hears Ctrl-C; its name is shown before it runs.
    await shell.until('begun')
    shell.type('\u0003')
    await shell.until('hivewax> ')
    shell.type('clear-namespace default\r')
    await shell.until('[y/N] ')
    shell.type('y\r')
    await shell.until('hivewax> ')
    shell.type('\u0004')
    expect(await shell.exited).toBe(0)
    expect(hivewax(folder, ['retrieve', 'build_settings']).status).toBe(3)
    const history = fs.readFileSync(path.join(folder, '.local/state/hivewax/history'), 'utf8')
    expect(history).toMatch(/^retrieve +build_settings *$/m)
    expect(history).not.toContain('half a line')
  })
})
