import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { cliEnv, document, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

describe('data', () => {
  it('comes back as it was stored, text as text and the rest as JSON', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'greeting', 'hello, 世界'])
    hivewax(folder, ['store', 'preferences', '{"theme":"dark","sizes":[1,2]}', '--namespace', 'ui'])
    hivewax(folder, ['store', 'number', '42'])
    hivewax(folder, ['store', 'text', '"42"'])
    expect(hivewax(folder, ['retrieve', 'greeting']).stdout).toBe('hello, 世界\n')
    const { stdout } = hivewax(folder, ['retrieve', 'preferences', '--namespace', 'ui'])
    expect(JSON.parse(stdout)).toEqual({ theme: 'dark', sizes: [1, 2] })
    expect(document(hivewax(folder, ['retrieve', 'number', '--json']))).toEqual({ ok: true, data: 42 })
    expect(document(hivewax(folder, ['retrieve', 'text', '--json']))).toEqual({ ok: true, data: '42' })
  })

  it('goes to the standard output and messages to the standard error', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    expect(hivewax(folder, ['search', '*', '--plain'])).toMatchObject({ status: 0, stderr: '1 entry\n' })
    expect(hivewax(folder, ['search', '*', '--quiet'])).toMatchObject({ stderr: '' })
    expect(hivewax(folder, ['search', 'none*'])).toEqual({ status: 0, stdout: '', stderr: 'nothing found\n' })
  })

  it('is read from the standard input for -, without the last line end', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'notes', '-'], { input: 'first\nsecond\n' })
    expect(hivewax(folder, ['retrieve', 'notes']).stdout).toBe('first\nsecond\n')
    hivewax(folder, ['store', 'json', '-'], { input: '{"a":[1]}\n' })
    expect(document(hivewax(folder, ['retrieve', 'json', '--json']))).toEqual({ ok: true, data: { a: [1] } })
    const twice = hivewax(folder, ['store', '-', '-'], { input: 'x' })
    expect(twice).toMatchObject({ status: 2, stderr: expect.stringContaining('only once') })
    const binary = hivewax(folder, ['store', 'binary', '-'], { input: Buffer.from([0xff, 0xfe]) })
    expect(binary).toMatchObject({ status: 2, stderr: expect.stringContaining('not UTF-8') })
  })

  it('is shown as a record, as a table, and as tab-separated lines', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', 'one\ttwo\nthree'])
    hivewax(folder, ['store', 'long', 'x'.repeat(200)])
    expect(hivewax(folder, ['get', 'a']).stdout).toMatch(
      /^key: {7}a\nnamespace: default\nvalue: {5}one\ttwo\n {11}three\n/,
    )
    const table = hivewax(folder, ['search', '*']).stdout.split('\n')
    expect(table[0]).toMatch(/^key {3}namespace {2}value +updatedAt +author$/)
    expect(table[1]).toMatch(
      /^a {5}default {4}one two⏎three +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d {2}\S+ \(cli\)$/,
    )
    expect(table[2]).toContain('x'.repeat(200))
    const [plain = ''] = hivewax(folder, ['search', 'a', '--plain']).stdout.split('\n')
    expect(plain.split('\t')).toEqual([
      'a',
      'default',
      'one\\ttwo\\nthree',
      '',
      expect.stringMatching(/Z$/),
      expect.stringMatching(/Z$/),
      '',
      '1',
      expect.stringMatching(/^{"agent":"[^"]+","via":"cli"}$/),
    ])
  })

  it('of a list is what is asked for: columns by name, CSV, or the names alone', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', 'x, "y"'])
    hivewax(folder, ['store', 'b', '[1]'])
    const search = (...args: string[]) => hivewax(folder, ['search', '*', ...args])
    expect(search('--columns', 'revision,key').stdout).toBe('revision  key\n       1  a\n       1  b\n')
    expect(search('--csv', '--columns', 'key,value').stdout).toBe('key,value\r\na,"x, ""y"""\r\nb,[1]\r\n')
    expect(search('--plain', '--columns', 'value,key').stdout).toBe('x, "y"\ta\n[1]\tb\n')
    expect(search('-q').stdout).toBe('a\nb\n')
    const none = hivewax(folder, ['search', 'none*', '--csv'])
    expect(none.stdout).toBe('key,namespace,value,metadata,createdAt,updatedAt,expiresAt,revision,author\r\n')
    expect(search('--wide').stdout).toMatch(/^key .* createdAt .* revision/)
    expect(search('--columns', 'size')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--columns must be one of key, namespace, value, .*, got "size"/),
    })
    expect(search('--csv', '--json')).toMatchObject({ status: 2 })
    expect(hivewax(folder, ['get', 'a', '--csv'])).toMatchObject({ status: 2 })
  })

  it('has no colour and no escape when it is piped, unless FORCE_COLOR asks for it', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const printed = (env: NodeJS.ProcessEnv) => Object.values(hivewax(folder, ['get', 'a'], { env })).join('')
    expect(printed({})).not.toContain('\u001b')
    expect(printed({ FORCE_COLOR: '1' })).toContain('\u001b[36m')
    expect(printed({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain('\u001b')
  })

  it('of a query is a table of its columns', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const { stdout } = hivewax(folder, ['query', 'select ? as word, 7 as number, null as empty', 'apple'])
    expect(stdout).toBe('word   number  empty\napple       7   null\n')
  })
})

describe('the exit code', () => {
  it('is 2 for wrong usage, with a hint', () => {
    const folder = scratchFolder()
    const lines: [args: string[], message: string, hint: string][] = [
      [['stoer', 'a', '1'], 'there is no command "stoer"', 'Did you mean hivewax store?'],
      [['claim'], 'there is no command "claim"', 'Did you mean hivewax tasks claim?'],
      [['store', 'a', '1', '--namspace', 'x'], 'unknown option --namspace', 'Did you mean --namespace?'],
      [['store', 'a'], 'missing VALUE', 'Usage: hivewax store KEY VALUE [options]'],
      [['store', 'a', 'b', 'c'], 'unexpected argument "c"', 'Quote values that hold spaces.'],
      [['store', 'a', 'b', '--ttl', 'soon'], '--ttl must be a number, got "soon"', ''],
      [['store', 'a', 'b', '--ttl'], '--ttl needs a value', '--ttl VALUE'],
    ]
    for (const [args, message, hint] of lines) {
      const { status, stdout, stderr } = hivewax(folder, args)
      expect({ args, status, stdout }).toEqual({ args, status: 2, stdout: '' })
      expect(stderr).toContain(`error: ${message}`)
      expect(stderr).toContain(hint)
    }
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it('is 3 for a record that is not there, with a way to look around', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const human = hivewax(folder, ['retrieve', 'nothing', '--namespace', 'ui'])
    expect(human).toMatchObject({ status: 3, stdout: '' })
    expect(human.stderr).toBe(
      'error: nothing found for key "nothing", namespace "ui"\nhint: See what is there: hivewax search GLOB\n',
    )
    const json = hivewax(folder, ['retrieve', 'nothing', '--json'])
    expect(json).toMatchObject({ status: 3, stderr: '' })
    expect(document(json)).toMatchObject({
      ok: false,
      error: { code: 'not_found', message: expect.any(String), hint: expect.any(String) },
    })
    hivewax(folder, ['store', 'nothing', 'null'])
    expect(hivewax(folder, ['retrieve', 'nothing'])).toMatchObject({ status: 0, stdout: 'null\n' })
  })

  it('is 4 for a conflict', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1', '--if-absent'])
    const again = hivewax(folder, ['store', 'a', '2', '--if-absent', '--json'])
    expect(again.status).toBe(4)
    expect(document(again)).toMatchObject({
      ok: false,
      error: { code: 'conflict', details: expect.anything() },
    })
  })

  it('is 6 when others hold the store', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    const other = new DatabaseSync(path.join(folder, '.swarm/memory.db'))
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    expect(hivewax(folder, ['store', 'a', '2'])).toMatchObject({ status: 6, stdout: '' })
    expect(hivewax(folder, ['retrieve', 'a'])).toMatchObject({ status: 0, stdout: '1\n' })
  })

  it('is 7 for a file that is no database, and 1 for one that cannot be', () => {
    const folder = scratchFolder()
    fs.writeFileSync(path.join(folder, 'rubbish.db'), 'this is no database'.repeat(100))
    expect(hivewax(folder, ['--db', 'rubbish.db', 'stats'])).toMatchObject({ status: 7, stdout: '' })
    expect(hivewax(folder, ['--db', '/dev/null/memory.db', 'stats'])).toMatchObject({ status: 1, stdout: '' })
  })

  it('follows the table of errors for every code', () => {
    const script = `
      import { errorTable, HivewaxError } from ${JSON.stringify(source('errors.ts'))}
      import { reportFailure } from ${JSON.stringify(source('cli/failure.ts'))}
      import { Printer } from ${JSON.stringify(source('cli/print/printer.ts'))}
      const codes = Object.keys(errorTable)
      const exits = codes.map(code => reportFailure(new HivewaxError(code, 'x'), new Printer({})))
      process.stdout.write(JSON.stringify(Object.fromEntries(codes.map((code, i) => [code, exits[i]]))))`
    const args = ['--input-type=module', '--eval', script]
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(JSON.parse(stdout)).toMatchObject({
      invalid_input: 2,
      unauthorized: 5,
      not_found: 3,
      conflict: 4,
      busy: 6,
      corrupt: 7,
      disk_full: 8,
      storage: 1,
    })
  })

  it('is 130 when Ctrl-C ends a command that waits', async () => {
    const folder = scratchFolder()
    hivewax(folder, ['events', 'log', 'begun'])
    const tail = follow(folder, ['events', 'tail', '--follow', '--json'])
    expect(JSON.parse(await tail.next())).toMatchObject({ type: 'begun' })
    hivewax(folder, ['events', 'log', 'more', '--data', '{"n":1}'])
    expect(JSON.parse(await tail.next())).toMatchObject({ type: 'more', data: { n: 1 } })
    expect(await tail.interrupt()).toEqual([130, null])
    const watch = follow(folder, ['shared', 'watch', 'build/', '--since', '0'])
    hivewax(folder, ['shared', 'update', 'other', '1'])
    hivewax(folder, ['shared', 'update', 'build/state', '"green"', '--agent', 'coder-1'])
    expect(await watch.next()).toMatch(/^20.* {2}build\/state \(version 1 by coder-1\) {2}"green"$/)
    expect(await watch.interrupt()).toEqual([130, null])
  })

  it('is 0, without a word, when the reader of a pipe has seen enough', () => {
    const folder = scratchFolder()
    const records = Array.from({ length: 2000 }, (_, i) => ({ key: `key-${i}`, value: 'x'.repeat(100) }))
    hivewax(folder, ['store-many', '-'], { input: JSON.stringify(records) })
    const pipe = '"$0" "$1" search "*" --limit 2000 --quiet | head -n 1; echo $PIPESTATUS'
    const ran = spawnSync('bash', ['-c', pipe, process.execPath, hivewaxFile], {
      cwd: folder,
      env: cliEnv(folder),
      encoding: 'utf8',
    })
    expect(ran.stdout).toMatch(/^key-0\n0\n$/)
    expect(ran.stderr).toBe('')
  })
})

describe('destruction', () => {
  it('needs --yes where nobody can be asked', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1', '--namespace', 'temp'])
    const refused = hivewax(folder, ['clear-namespace', 'temp'])
    expect(refused).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('hint: Add --yes'),
    })
    expect(hivewax(folder, ['retrieve', 'a', '--namespace', 'temp']).stdout).toBe('1\n')
    expect(hivewax(folder, ['clear-namespace', 'temp', '--yes'])).toMatchObject({ status: 0, stdout: '1\n' })
  })
})

describe('the memory', () => {
  it('is the flag’s, else the environment’s, else the configuration’s, else the project’s', () => {
    const folder = scratchFolder()
    const nested = path.join(folder, 'src/deep')
    fs.mkdirSync(nested, { recursive: true })
    fs.mkdirSync(path.join(folder, '.swarm'))
    const at = (args: string[], env: NodeJS.ProcessEnv = {}) =>
      hivewax(nested, ['store', 'where', 'x', ...args], { env: { HOME: folder, ...env } })
    at([])
    expect(fs.existsSync(path.join(folder, '.swarm/memory.db'))).toBe(true)
    fs.writeFileSync(path.join(folder, '.swarm/config.json'), '{"url":"configured.db"}')
    at([])
    expect(fs.existsSync(path.join(folder, '.swarm/configured.db'))).toBe(true)
    at([], { HIVEWAX_URL: path.join(folder, 'environment.db') })
    expect(fs.existsSync(path.join(folder, 'environment.db'))).toBe(true)
    at(['--url', path.join(folder, 'flag.db')], { HIVEWAX_URL: path.join(folder, 'environment.db') })
    expect(fs.existsSync(path.join(folder, 'flag.db'))).toBe(true)
  })

  it('is used as the agent that --agent names', () => {
    const folder = scratchFolder()
    hivewax(folder, ['events', 'log', 'greeted', '--agent', 'coder-1'])
    hivewax(folder, ['events', 'log', 'greeted'], { env: { HIVEWAX_AGENT: 'coder-2' } })
    const sources = hivewax(folder, ['events', 'tail', '--plain'])
      .stdout.split('\n')
      .map(line => line.split('\t')[3])
    expect(sources).toEqual(['coder-1', 'coder-2', undefined])
  })

  it('is not counted as read by a look at a key', () => {
    const folder = scratchFolder()
    hivewax(folder, ['store', 'a', '1'])
    hivewax(folder, ['retrieve', 'a'])
    expect(document(hivewax(folder, ['hot-keys', '--json']))).toEqual({ ok: true, data: [] })
  })
})

describe('help', () => {
  it('is short for the bare command and shows what to begin with', () => {
    const { status, stdout, stderr } = hivewax(scratchFolder(), [])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n').length).toBeLessThan(40)
    for (const command of ['store', 'retrieve', 'search', 'tasks claim', 'events tail', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
  })

  it('of a command begins with examples, however it is asked for, and creates nothing', () => {
    const folder = scratchFolder()
    const { stdout } = hivewax(folder, ['store', '--help'])
    expect(stdout.indexOf('Examples')).toBeLessThan(stdout.indexOf('Usage'))
    expect(stdout).toContain('  hivewax store greeting "hello"\n')
    expect(stdout).toMatch(/^ {2}--if-absent +Refuse when the key exists$/m)
    expect(hivewax(folder, ['store', '-h']).stdout).toBe(stdout)
    expect(hivewax(folder, ['help', 'store']).stdout).toBe(stdout)
    expect(hivewax(folder, ['store', 'a', '--wrong', '--help'])).toMatchObject({ status: 0, stdout })
    expect(fs.readdirSync(folder)).toEqual([])
  })

  it('of a group lists its commands', () => {
    const { stdout } = hivewax(scratchFolder(), ['tasks'])
    expect(stdout).toMatch(/^ {2}tasks claim +Claim /m)
    expect(stdout).not.toContain('sessions')
  })

  it('of an unknown command says so', () => {
    expect(hivewax(scratchFolder(), ['help', 'stoer'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('hivewax store?'),
    })
  })

  it('tells the version of the package', () => {
    const file = path.join(import.meta.dirname, '../../package.json')
    const { version } = JSON.parse(fs.readFileSync(file, 'utf8'))
    expect(hivewax(scratchFolder(), ['--version']).stdout).toBe(`hivewax ${version}\n`)
    expect(document(hivewax(scratchFolder(), ['version', '--json']))).toMatchObject({
      ok: true,
      data: { hivewax: version },
    })
  })
})

it('says at a glance what the doctor found', () => {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'a', '1'])
  const { status, stdout } = hivewax(folder, ['doctor'])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^✓ location +.*memory\.db \(.*\)$/m)
  expect(stdout).not.toContain('✗')
  hivewax(folder, ['query', 'select 1'])
  const store = new DatabaseSync(path.join(folder, '.swarm/memory.db'), {
    enableForeignKeyConstraints: false,
  })
  store.exec("insert into agent_memory (agent_id, key, value) values ('nobody', 'k', '1')")
  store.close()
  const sick = hivewax(folder, ['doctor'])
  expect(sick.status).toBe(1)
  expect(sick.stdout).toMatch(/^✗ \w+ +.*\n +\S/m)
  expect(document(hivewax(folder, ['doctor', '--json']))).toMatchObject({ ok: true, data: { ok: false } })
})

it('shows the stack of an error only with --debug', () => {
  const folder = scratchFolder()
  expect(hivewax(folder, ['retrieve', 'x']).stderr).not.toContain('    at ')
  expect(hivewax(folder, ['retrieve', 'x', '--debug']).stderr).toContain('    at ')
})

/** A command that goes on until it is interrupted. */
function follow(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [hivewaxFile, ...args], {
    cwd: folder,
    env: cliEnv(folder),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    next: async () => String((await lines.next()).value),
    interrupt: () => {
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      return exited
    },
  }
}

function source(file: string): string {
  return new URL(`../../src/${file}`, import.meta.url).href
}
