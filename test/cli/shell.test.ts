import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

describe('the shell', () => {
  it('runs the commands of a pipe one after the other, over one open memory', () => {
    const input = [
      'store greeting "hello, world"',
      '# a comment, and an empty line',
      '',
      'retrieve greeting',
      'hivewax retrieve greeting --json',
      "select key, 'x' as letter from memory_store;",
      'exit',
      'retrieve never',
    ].join('\n')
    const { status, stdout } = hivewax(scratchFolder(), ['shell', '--quiet'], { input })
    expect(status).toBe(0)
    expect(stdout.split('\n')).toEqual([
      'revision: 1',
      'hello, world',
      '{"ok":true,"data":"hello, world"}',
      'key       letter',
      'greeting  x',
      '',
    ])
  })

  it('goes on after an error and exits with the first one’s code', () => {
    const input = "retrieve none\nstore 'open\nfrobnicate\nstore a 1\nretrieve a\n"
    const { status, stdout, stderr } = hivewax(scratchFolder(), ['shell'], { input })
    expect(status).toBe(3)
    expect(stdout).toBe('revision: 1\n1\n')
    expect(stderr.match(/^error: .*$/gm)).toEqual([
      'error: nothing found for key "none"',
      "error: the quote ' is not closed",
      'error: there is no command "frobnicate"',
    ])
  })

  it('does not take its own commands for the value of -, nor for an answer', () => {
    const folder = scratchFolder()
    const input = 'store a 1\nstore a -\nclear-namespace default\ny\nretrieve a\n'
    const { status, stdout, stderr } = hivewax(folder, ['shell'], { input })
    expect(status).toBe(2)
    expect(stdout).toBe('revision: 1\n1\n')
    expect(stderr).toContain('hint: Add --yes')
  })

  it('passes its flags on to its commands', () => {
    const folder = scratchFolder()
    const ran = hivewax(folder, ['shell', '--json', '--db', 'other.db'], { input: 'store a 1\n' })
    expect(document(ran)).toEqual({ ok: true, data: { revision: 1 } })
    expect(fs.existsSync(path.join(folder, 'other.db'))).toBe(true)
  })

  it('has one memory open and does not pretend to use another', () => {
    const folder = scratchFolder()
    const ran = hivewax(folder, ['shell'], { input: 'store a 1 --url other.db\n' })
    expect(ran).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('another memory is open'),
    })
    expect(fs.existsSync(path.join(folder, 'other.db'))).toBe(false)
  })
})
