import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { putInstructions, removeInstructions } from '../../src/setup/agent-instructions.ts'
import { hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

const section = putInstructions(undefined).trimEnd()

describe('the part of AGENTS.md', () => {
  it.each([
    '# Rules\n\nTabs.\n',
    '# Rules\n\nTabs.',
    '# Rules\r\n\r\nTabs.\r\n',
    '# Rules\r\nTabs.',
    'no heading\n\n\n',
    '\n',
    '',
    '\ufeff# Rules\n',
    '<!-- a comment -->\n',
  ])('comes and goes byte for byte: %j', text => {
    const put = putInstructions(text)
    expect(put).toContain('`briefing`')
    expect(putInstructions(put)).toBe(put)
    expect(removeInstructions(put)).toBe(text)
  })

  it('is a file of its own where there is none, and takes it along', () => {
    expect(removeInstructions(putInstructions(undefined))).toBeUndefined()
  })

  it('stays where somebody has put it, between what stands around it', () => {
    const moved = `before\n\n${section}\n\nafter\n`
    expect(putInstructions(moved)).toBe(moved)
    expect(removeInstructions(moved)).toBe('before\n\nafter\n')
  })

  it('is made anew where it was changed', () => {
    const changed = putInstructions('# Rules\n').replace('telling key', 'poor key')
    expect(putInstructions(changed)).toBe(putInstructions('# Rules\n'))
  })

  it('is left alone without an end', () => {
    const text = putInstructions('# Rules\n').replace('<!-- /hivewax -->', '')
    expect(() => putInstructions(text)).toThrow('has no end')
    expect(() => removeInstructions(text)).toThrow('has no end')
  })
})

describe('hivewax init --instructions', () => {
  const init = (folder: string, ...args: string[]) =>
    hivewax(folder, ['init', '--client', 'codex', '--yes', ...args], { env: { HOME: folder } })

  it('writes AGENTS.md, keeps it up, and takes it away', () => {
    const folder = scratchFolder()
    const file = path.join(folder, 'AGENTS.md')
    expect(init(folder)).toMatchObject({ status: 0 })
    expect(fs.existsSync(file)).toBe(false)
    expect(init(folder, '--instructions').stderr).toContain('AGENTS.md')
    const text = fs.readFileSync(file, 'utf8')
    fs.writeFileSync(file, text.replace('recall', 'forget'))
    expect(init(folder)).toMatchObject({ status: 0 })
    expect(fs.readFileSync(file, 'utf8')).toBe(text)
    expect(init(folder, '--remove')).toMatchObject({ status: 0 })
    expect(fs.existsSync(file)).toBe(false)
  })

  it('adds to CLAUDE.md where only that is, and stops nothing else where it cannot', () => {
    const folder = scratchFolder()
    const file = path.join(folder, 'CLAUDE.md')
    fs.writeFileSync(file, '# Rules\n')
    init(folder, '--instructions')
    expect(fs.readFileSync(file, 'utf8')).toBe(putInstructions('# Rules\n'))
    expect(fs.existsSync(path.join(folder, 'AGENTS.md'))).toBe(false)
    init(folder, '--remove')
    expect(fs.readFileSync(file, 'utf8')).toBe('# Rules\n')
    fs.writeFileSync(file, Buffer.from([0xff, 0xfe, 0x00]))
    const ran = init(folder, '--instructions')
    expect(ran).toMatchObject({ status: 2 })
    expect(ran.stderr).toContain('CLAUDE.md is not UTF-8 text')
    expect(fs.existsSync(path.join(folder, '.codex/config.toml'))).toBe(true)
  })
})
