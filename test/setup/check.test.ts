import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

describe('hivewax init --check', () => {
  it('says of each client whether it reaches the memory, and as whom', () => {
    const project = scratchFolder()
    const init = (...args: string[]) => hivewax(project, ['init', ...args])
    expect(init('--client', 'claude-code,opencode,cursor', '--yes').stdout).toMatch(
      /^✓ Claude Code reaches the memory as claude-code-[\da-f]{8}: it stored a record and read it back$/m,
    )
    fs.writeFileSync(
      path.join(project, '.cursor/mcp.json'),
      '{ "mcpServers": { "hivewax": { "command": "/no/such/program" } } }',
    )
    const ran = init('--check', '--client', 'opencode,cursor,codex')
    expect(ran.status).toBe(1)
    expect(ran.stdout.split('\n')).toEqual([
      expect.stringMatching(/^✗ Codex: it is not set up$/),
      expect.stringMatching(
        /^✗ Cursor: .*starts \/no\/such\/program, which is not this hivewax: it was not tried$/,
      ),
      expect.stringMatching(/^✓ opencode reaches the memory as opencode-[\da-f]{8}: /),
      '',
    ])
    const { data } = document(hivewax(project, ['search', '*', '--namespace', '*', '--json'])) as {
      data: { items: [] }
    }
    expect(data.items).toEqual([])
  })
})
