import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { document, hivewax, hivewaxFile, type Ran } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { atTerminal, hasScript } from '../support/terminal.ts'

const all = ['--client', 'claude-code,codex,cursor,vscode,gemini,qwen,opencode,zed,copilot,continue']

let project: string

beforeEach(() => {
  project = path.join(scratchFolder(), 'my project')
  fs.mkdirSync(path.join(project, '.git'), { recursive: true })
})

/** A home of its own, beside the project. */
function init(...args: string[]): Ran {
  return hivewax(project, ['init', ...args], { env: { HOME: home() } })
}

function home(): string {
  const folder = path.join(path.dirname(project), 'home')
  fs.mkdirSync(folder, { recursive: true })
  return folder
}

function write(name: string, text: string): void {
  const file = path.join(project, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}

const read = (name: string) => fs.readFileSync(path.join(project, name), 'utf8')
const readJson = (name: string) => JSON.parse(read(name))

/** Every file and folder of the project with its content, but the memory itself. */
function tree(): Record<string, string> {
  const entries = fs.readdirSync(project, { recursive: true, withFileTypes: true })
  const named = entries.map(entry => ({ entry, file: path.join(entry.parentPath, entry.name) }))
  const kept = named.filter(({ file }) => !/\.swarm|other\.db/.test(file))
  return Object.fromEntries(
    kept.map(({ entry, file }) => [
      path.relative(project, file),
      entry.isFile() ? fs.readFileSync(file, 'latin1') : 'folder',
    ]),
  )
}

/** As a word of a shell: the checkout may lie under any path. */
const node = /^[\w./-]+$/.test(process.execPath) ? process.execPath : `'${process.execPath}'`

const ours = { command: process.execPath, args: [hivewaxFile, 'mcp'] }
// biome-ignore lint/suspicious/noTemplateCurlyInString: what the editors replace
const inWorkspace = [hivewaxFile, 'mcp', '--url', '${workspaceFolder}/.swarm/memory.db']

describe('hivewax init', () => {
  it('sets up every client with the absolute path of the running program, and makes the memory', () => {
    const ran = init(...all, '--yes')
    expect(ran).toMatchObject({ status: 0 })
    expect(readJson('.mcp.json')).toEqual({ mcpServers: { hivewax: { type: 'stdio', ...ours } } })
    const trusted = { mcpServers: { hivewax: { ...ours, trust: true } } }
    expect(readJson('.gemini/settings.json')).toEqual({ ...trusted, hooks: expect.any(Object) })
    expect(readJson('.qwen/settings.json')).toEqual(trusted)
    expect(readJson('opencode.json')).toEqual({
      mcp: { hivewax: { type: 'local', command: [ours.command, ...ours.args], enabled: true } },
    })
    expect(readJson('.zed/settings.json')).toEqual({
      context_servers: { hivewax: { source: 'custom', ...ours } },
    })
    expect(readJson('.github/mcp.json')).toEqual({
      mcpServers: { hivewax: { type: 'local', ...ours, tools: ['*'] } },
    })
    expect(readJson('.continue/mcpServers/hivewax.json')).toEqual({ mcpServers: { hivewax: ours } })
    expect(readJson('.cursor/mcp.json').mcpServers.hivewax.args).toEqual(inWorkspace)
    expect(readJson('.vscode/mcp.json').servers.hivewax.args).toEqual(inWorkspace)
    expect(read('.codex/config.toml')).toBe(
      `[mcp_servers.hivewax]\ncommand = "${process.execPath}"\nargs = ["${hivewaxFile}", "mcp"]\n` +
        'default_tools_approval_mode = "approve"\n',
    )
    const { hooks } = readJson('.claude/settings.json')
    expect(Object.keys(hooks)).toHaveLength(11)
    expect(hooks.PreToolUse).toMatchObject([{ matcher: 'Edit|MultiEdit|NotebookEdit|Write' }])
    expect(hooks.SessionStart).toEqual([
      {
        hooks: [{ type: 'command', command: `${node} ${hivewaxFile} hook SessionStart`, timeout: 10 }],
      },
    ])
    const command = (name: string) => `${node} ${hivewaxFile} hook ${name}`
    expect(Object.keys(readJson('.codex/hooks.json').hooks)).toHaveLength(7)
    expect(readJson('.codex/hooks.json').hooks.Stop).toEqual([
      { hooks: [{ type: 'command', command: command('Stop --client codex'), timeout: 10 }] },
    ])
    expect(readJson('.gemini/settings.json').hooks.AfterAgent).toEqual([
      { hooks: [{ type: 'command', command: command('AfterAgent --client gemini'), timeout: 10_000 }] },
    ])
    expect(readJson('.cursor/hooks.json')).toMatchObject({
      version: 1,
      hooks: { sessionStart: [{ command: command('sessionStart --client cursor') }] },
    })
    expect(fs.existsSync(path.join(project, '.swarm/memory.db'))).toBe(true)
    for (const title of [
      'Claude Code',
      'Codex',
      'Cursor',
      'VS Code',
      'Gemini CLI',
      'Qwen Code',
      'opencode',
      'Zed',
    ]) {
      expect(ran.stdout).toContain(`\n${title}: `)
    }
  })

  it('writes where the repository begins, wherever in it it was called', () => {
    fs.mkdirSync(path.join(project, 'src/deep'), { recursive: true })
    const args = ['init', '--client', 'cursor', '--yes']
    hivewax(path.join(project, 'src/deep'), args, { env: { HOME: home() } })
    expect(readJson('.cursor/mcp.json').mcpServers.hivewax.args).toEqual(inWorkspace)
  })

  it('changes nothing the second time', () => {
    init(...all, '--yes')
    const before = tree()
    expect(init(...all, '--yes')).toMatchObject({ status: 0 })
    expect(document(init(...all, '--yes', '--json'))).toMatchObject({ data: { changes: [] } })
    expect(tree()).toEqual(before)
  })

  it('undoes all of it, files and folders that it made included', () => {
    const before = tree()
    init(...all, '--yes')
    expect(init('--remove', '--yes')).toMatchObject({ status: 0 })
    expect(tree()).toEqual(before)
    expect(fs.existsSync(path.join(project, '.swarm/memory.db'))).toBe(true)
  })

  it('leaves every byte that was there: comments, order, line ends, byte order marks', () => {
    write('.mcp.json', '\ufeff{"mcpServers": {"a": {"command": "x"}}}')
    write(
      '.claude/settings.json',
      '{\r\n\t"permissions": {},\r\n\t"hooks": {\r\n\t\t"Stop": [{"hooks": []}]\r\n\t}\r\n}',
    )
    write('.codex/config.toml', '# mine\nmodel = "gpt"\n\n[tui]\nx = 1 # one')
    write('.cursor/mcp.json', '{}')
    write(
      '.vscode/mcp.json',
      '{\n  // servers\n  "servers": {\n    "a": {}, // one\n  },\n  "inputs": []\n}\n',
    )
    write('.gemini/settings.json', '{\n}\n')
    const before = tree()
    init(...all, '--yes')
    const between = tree()
    for (const name of Object.keys(before).filter(name => /json|toml/.test(name))) {
      expect(between[name], name).not.toBe(before[name])
    }
    expect(read('.codex/config.toml')).toContain('x = 1 # one\n\n[mcp_servers.hivewax]')
    expect(read('.vscode/mcp.json')).toContain('"a": {}, // one\n    "hivewax": {')
    init('--remove', '--yes')
    expect(tree()).toEqual(before)
  })

  it('takes out its own only, when others have come since', () => {
    init('--client', 'claude-code', '--yes')
    const settings = readJson('.claude/settings.json')
    settings.hooks.Stop[0].hooks.push({ type: 'command', command: 'say done' })
    settings.hooks.Stop.push({ hooks: [{ type: 'command', command: 'echo hook Stop' }] })
    write('.claude/settings.json', JSON.stringify(settings, null, 2))
    init('--remove', '--yes')
    expect(readJson('.claude/settings.json')).toEqual({
      hooks: {
        Stop: [
          { hooks: [{ type: 'command', command: 'say done' }] },
          { hooks: [{ type: 'command', command: 'echo hook Stop' }] },
        ],
      },
    })
  })

  it('puts the path right where an older one is, and keeps what else is set', () => {
    init('--client', 'claude-code,codex', '--yes')
    const moved = (name: string) => write(name, read(name).replaceAll(hivewaxFile, '/old/bin/hivewax.js'))
    for (const name of ['.claude/settings.json', '.mcp.json', '.codex/config.toml']) moved(name)
    write('.codex/config.toml', `${read('.codex/config.toml')}startup_timeout_sec = 20\n`)
    init('--client', 'claude-code,codex', '--yes')
    expect(Object.values(tree()).join('\n')).not.toContain('/old/bin')
    expect(readJson('.claude/settings.json').hooks.Stop).toHaveLength(1)
    expect(read('.codex/config.toml')).toContain('startup_timeout_sec = 20')
  })

  it('names the memory where it is not that of the project', () => {
    init('--client', 'claude-code,vscode', '--yes', '--url', 'else where.db')
    const file = path.join(project, 'else where.db')
    expect(readJson('.mcp.json').mcpServers.hivewax.args).toEqual([hivewaxFile, 'mcp', '--url', file])
    expect(readJson('.vscode/mcp.json').servers.hivewax.args).toEqual([hivewaxFile, 'mcp', '--url', file])
    expect(readJson('.claude/settings.json').hooks.Stop[0].hooks[0].command).toBe(
      `${node} ${hivewaxFile} hook Stop --url '${file}'`,
    )
  })

  it('finds the clients that are used, here or in the home', () => {
    expect(init('--dry-run')).toMatchObject({ status: 2 })
    fs.mkdirSync(path.join(home(), '.cursor'))
    write('GEMINI.md', '')
    const { data } = document(init('--dry-run', '--json')) as { data: { changes: { client: string }[] } }
    expect(new Set(data.changes.map(({ client }) => client))).toEqual(new Set(['cursor', 'gemini']))
  })

  it('sets up a client for all projects in the home, and nothing here', () => {
    const before = tree()
    fs.mkdirSync(path.join(home(), '.codex'))
    fs.writeFileSync(path.join(home(), '.codex/config.toml'), '# mine\n')
    expect(init('--home', '--client', 'codex', '--yes')).toMatchObject({ status: 0 })
    expect(fs.readFileSync(path.join(home(), '.codex/config.toml'), 'utf8')).toContain(
      '[mcp_servers.hivewax]',
    )
    init('--home', '--remove', '--yes')
    expect(fs.readFileSync(path.join(home(), '.codex/config.toml'), 'utf8')).toBe('# mine\n')
    expect(tree()).toEqual(before)
    expect(fs.existsSync(path.join(project, '.swarm'))).toBe(false)
    expect(init('--home', '--client', 'vscode', '--yes')).toMatchObject({ status: 2 })
    expect(init('--client', 'cline', '--yes')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--home'),
    })
  })
})

describe('a file that hivewax init cannot edit', () => {
  it.each([
    ['.mcp.json', '{"mcpServers": {', /not JSON: see line 1/],
    ['.claude/settings.json', '{"hooks": {"Stop": {}}}', /"hooks\.Stop" is not an array/],
    ['.codex/config.toml', 'model = ', /not TOML: see line 1/],
    ['.gemini/settings.json', '\xff\xfe', /not UTF-8 text/],
  ])('is named in one line and stays, and all others are set up: %s', (name, text, message) => {
    write(name, '')
    fs.writeFileSync(path.join(project, name), text, 'latin1')
    const ran = init(...all, '--yes')
    expect(ran.status).toBe(2)
    expect(ran.stderr.split('\n').filter(line => line.startsWith('error: '))).toHaveLength(1)
    expect(ran.stderr).toContain(path.join(project, name))
    expect(ran.stderr).toMatch(message)
    expect(fs.readFileSync(path.join(project, name), 'latin1')).toBe(text)
    const files = [
      '.mcp.json',
      '.claude/settings.json',
      '.codex/config.toml',
      '.cursor/mcp.json',
      '.vscode/mcp.json',
    ]
    for (const file of files.filter(file => file !== name)) expect(read(file), file).toContain('hivewax')
    init('--remove', '--yes')
    expect(fs.readFileSync(path.join(project, name), 'latin1')).toBe(text)
  })
})

describe('what is there', () => {
  it.each(['', '\n', '// nothing yet\n', '/* nothing */', '\r\n// one\r\n\r\n'])(
    'may be a file without any value, which comes back as it was: %j',
    text => {
      for (const name of ['.mcp.json', '.claude/settings.json', '.vscode/mcp.json']) write(name, text)
      const before = tree()
      expect(init(...all, '--yes')).toMatchObject({ status: 0 })
      expect(read('.vscode/mcp.json')).toContain('hivewax')
      expect(read('.claude/settings.json')).toContain('mcp__hivewax__*')
      init('--remove', '--yes')
      expect(tree()).toEqual(before)
    },
  )

  it('stays when it is run again: options, limits and environment of the user', () => {
    init(...all, '--yes')
    const added = ['--agent', 'coder', '--url', 'other.db']
    const servers = {
      '.mcp.json': 'mcpServers',
      '.cursor/mcp.json': 'mcpServers',
      '.vscode/mcp.json': 'servers',
      '.gemini/settings.json': 'mcpServers',
    }
    for (const [name, key] of Object.entries(servers)) {
      const settings = readJson(name)
      const server = settings[key].hivewax
      server.args = [...server.args.slice(0, 2), ...added]
      server.env = { HIVEWAX_TOKEN_FILE: 'token' }
      write(name, JSON.stringify(settings))
    }
    const toml = read('.codex/config.toml').replace('"mcp"]', '"mcp", "--agent", "coder"]')
    write('.codex/config.toml', toml.replace('"approve"', '"prompt"'))
    const claude = readJson('.claude/settings.json')
    claude.hooks.SessionStart[0].hooks[0].command += ' --budget 2000'
    write('.claude/settings.json', JSON.stringify(claude))
    const before = tree()
    expect(init(...all, '--yes')).toMatchObject({ status: 0 })
    expect(tree()).toEqual(before)
    expect(init(...all, '--yes', '--url', 'new.db')).toMatchObject({ status: 0 })
    const url = path.join(project, 'new.db')
    for (const [name, key] of Object.entries(servers)) {
      expect(readJson(name)[key].hivewax.args.slice(2)).toEqual(['--agent', 'coder', '--url', url])
      expect(readJson(name)[key].hivewax.env).toEqual({ HIVEWAX_TOKEN_FILE: 'token' })
    }
    expect(readJson('.claude/settings.json').hooks.SessionStart[0].hooks[0].command).toMatch(
      / --budget 2000 --url /,
    )
  })

  it('may be a launch by the name of the command, whose options stay', () => {
    write(
      '.mcp.json',
      JSON.stringify({ mcpServers: { hivewax: { command: 'hivewax', args: ['mcp', '--agent', 'a'] } } }),
    )
    init('--client', 'claude-code', '--yes')
    expect(readJson('.mcp.json').mcpServers.hivewax).toMatchObject({
      command: process.execPath,
      args: [hivewaxFile, 'mcp', '--agent', 'a'],
    })
  })
})

describe('the tools', () => {
  it('may be used by sessions that nobody watches', () => {
    init(...all, '--yes')
    expect(readJson('.claude/settings.json').permissions.allow).toEqual(['mcp__hivewax__*'])
    expect(read('.codex/config.toml')).toContain('default_tools_approval_mode = "approve"\n')
    expect(readJson('.gemini/settings.json').mcpServers.hivewax.trust).toBe(true)
  })

  it('are asked for as before with --ask, and where a rule of the user decides', () => {
    init(...all, '--yes', '--ask')
    expect(readJson('.claude/settings.json')).not.toHaveProperty('permissions')
    expect(read('.codex/config.toml')).not.toContain('approval')
    expect(readJson('.gemini/settings.json').mcpServers.hivewax).not.toHaveProperty('trust')
    write('.claude/settings.json', '{"permissions": {"deny": ["mcp__hivewax__forget"]}}')
    init('--client', 'claude-code', '--yes')
    expect(readJson('.claude/settings.json').permissions).toEqual({ deny: ['mcp__hivewax__forget'] })
  })
})

describe('hivewax init changes nothing', () => {
  it('when it is a dry run, and shows what it would do', () => {
    const before = tree()
    const ran = init('--client', 'codex', '--dry-run')
    expect(ran.stdout).toMatch(
      /^--- \/dev\/null\n\+\+\+ \.codex\/config\.toml\n@@ -0,0 \+1,4 @@\n\+\[mcp_servers\.hivewax\]\n/,
    )
    expect(tree()).toEqual(before)
    expect(fs.existsSync(path.join(project, '.swarm'))).toBe(false)
  })

  it('when there is nobody to ask', () => {
    const before = tree()
    const ran = init('--client', 'codex')
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('--yes') })
    expect(tree()).toEqual(before)
  })

  it('when a symbolic link leads nowhere', () => {
    fs.symlinkSync('nowhere', path.join(project, '.mcp.json'))
    expect(init('--client', 'claude-code', '--yes')).toMatchObject({ status: 2 })
    expect(fs.existsSync(path.join(project, 'nowhere'))).toBe(false)
  })

  it('when the memory cannot be opened', () => {
    write('.swarm/memory.db', 'no database at all, but some text that is long enough')
    expect(init('--client', 'claude-code', '--yes').status).not.toBe(0)
    expect(fs.existsSync(path.join(project, '.mcp.json'))).toBe(false)
  })
})

it('keeps the mode of a file, and a symbolic link as one', () => {
  write('shared.json', '{}\n')
  fs.chmodSync(path.join(project, 'shared.json'), 0o640)
  fs.symlinkSync('shared.json', path.join(project, '.mcp.json'))
  init('--client', 'claude-code', '--yes')
  expect(fs.readlinkSync(path.join(project, '.mcp.json'))).toBe('shared.json')
  expect(readJson('shared.json')).toHaveProperty('mcpServers.hivewax')
  expect(fs.statSync(path.join(project, 'shared.json')).mode & 0o777).toBe(0o640)
  init('--remove', '--yes')
  expect(read('shared.json')).toBe('{}\n')
  expect(fs.readdirSync(project).filter(name => name.includes('tmp'))).toEqual([])
})

it.runIf(hasScript).each([
  ['y', 0],
  ['n', 2],
  ['', 2],
])('asks at a terminal, and takes %j as what it says', async (answer, exitCode) => {
  const terminal = atTerminal(project, 'init --client zed', { HOME: home() })
  await terminal.until('Change this file? [y/N]')
  expect(fs.existsSync(path.join(project, '.zed'))).toBe(false)
  terminal.type(`${answer}\n`)
  expect(await terminal.exited).toBe(exitCode)
  expect(fs.existsSync(path.join(project, '.zed/settings.json'))).toBe(exitCode === 0)
})

describe('a project that wants more', () => {
  it('has no link followed out of it, and says where each leads', () => {
    const outside = path.join(path.dirname(project), 'outside')
    fs.mkdirSync(outside)
    fs.writeFileSync(path.join(outside, 'settings.json'), '{}')
    const links = {
      '.mcp.json': `${outside}/settings.json`,
      '.claude': outside,
      '.codex': `${outside}/new`,
      'AGENTS.md': `${outside}/new.md`,
    }
    for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, path.join(project, name))
    const { status, stderr } = init('--client', 'claude-code,codex', '--instructions', '--yes')
    expect(status).toBe(2)
    const named = ['/settings.json', '/new/config.toml', '/new/hooks.json', '/new.md']
    for (const name of named)
      expect(stderr).toContain(`leads to ${fs.realpathSync(outside)}${name}, outside of the project`)
    expect(fs.readdirSync(outside)).toEqual(['settings.json'])
    expect(fs.readFileSync(path.join(outside, 'settings.json'), 'utf8')).toBe('{}')
  })

  it('has nothing started by a check but hivewax, and for no server that its user has not trusted', () => {
    const ran = path.join(project, 'ran')
    const hivewaxAt = (...words: string[]) => ({
      command: process.execPath,
      args: [hivewaxFile, 'mcp', ...words],
    })
    const launches: [object, string][] = [
      [{ command: 'sh', args: ['-c', `touch '${ran}'`] }, 'starts sh, which is not this hivewax'],
      [{ command: './hivewax', args: ['mcp'] }, 'starts ./hivewax, which is not this hivewax'],
      [{ ...hivewaxAt(), env: { NODE_OPTIONS: '--require ./evil.js' } }, 'sets NODE_OPTIONS for the server'],
      [hivewaxAt('--url', 'http://127.0.0.1:9'), 'names the server http://127.0.0.1:9: it is used only once'],
      [{ ...hivewaxAt(), env: { HIVEWAX_URL: 'http://127.0.0.1:9' } }, 'names the server http://127.0.0.1:9'],
    ]
    for (const [launch, why] of launches) {
      write('.mcp.json', JSON.stringify({ mcpServers: { hivewax: launch } }))
      const checked = init('--check', '--client', 'claude-code')
      expect(checked.stdout + checked.stderr).toContain(why)
      expect(checked.status).not.toBe(0)
    }
    expect(fs.existsSync(ran)).toBe(false)
  })
})
