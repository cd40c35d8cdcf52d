import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { locate } from '../../src/location/location.ts'
import { openMemory } from '../../src/open.ts'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

/** A server that knows nobody, and notes which token each request brings. */
async function stranger(redirect?: string): Promise<{ url: string; tokens: (string | undefined)[] }> {
  const tokens: (string | undefined)[] = []
  const server = http.createServer((request, response) => {
    tokens.push(request.headers.authorization)
    response.writeHead(redirect === undefined ? 401 : 307, redirect ? { location: redirect } : {}).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokens }
}

function setEnv(values: Record<string, string>): void {
  const names = ['HIVEWAX_URL', 'HIVEWAX_TOKEN', 'HIVEWAX_TOKEN_FILE', 'XDG_CONFIG_HOME']
  const before = names.map(name => [name, process.env[name]] as const)
  for (const name of names) delete process.env[name]
  Object.assign(process.env, values)
  onTestFinished(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}

function project(url: string): string {
  const root = fs.realpathSync(scratchFolder())
  fs.mkdirSync(path.join(root, '.swarm'))
  configure(root, url)
  return root
}

const configure = (root: string, url: string) =>
  fs.writeFileSync(path.join(root, '.swarm/config.json'), JSON.stringify({ url }))

it('trusts what a project names by one command, that and no other, lists it and takes it back', async () => {
  const root = project('../elsewhere.db')
  const home = fs.realpathSync(scratchFolder())
  const run = (...args: string[]) => hivewax(root, args, { env: { HOME: home } })
  const elsewhere = path.join(path.dirname(root), `${path.basename(root)}.db`)
  onTestFinished(() => fs.rmSync(elsewhere, { force: true }))
  configure(root, elsewhere)
  expect(run('store', 'k', '1')).toMatchObject({
    status: 5,
    stderr: `error: ${root}/.swarm/config.json names ${elsewhere}, outside of the project: it is used only once you trust the project, by: hivewax trust ${root}
hint: Or name the memory yourself, with --url or HIVEWAX_URL.
`,
  })
  expect(run('trust').stdout).toContain(`trusted from now on: ${root}/.swarm/config.json names ${elsewhere}`)
  expect(run('store', 'k', '1').status).toBe(0)
  const trusted = [{ project: root, what: `file ${elsewhere}` }]
  const file = path.join(home, '.config/hivewax/trusted.json')
  expect(document(run('trust', '--list', '--json'))).toMatchObject({ data: { file, trusted } })
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  configure(root, path.join(home, 'third.db'))
  expect(run('retrieve', 'k').status).toBe(5)
  configure(root, elsewhere)
  expect(document(run('trust', '--remove', '--json'))).toMatchObject({ data: { removed: trusted } })
  expect(run('retrieve', 'k').status).toBe(5)
})

it('believes no list of trust that others can change, nor one that is none', () => {
  const home = scratchFolder()
  setEnv({ XDG_CONFIG_HOME: home })
  const root = project(path.join(home, 'other.db'))
  const file = path.join(home, 'hivewax/trusted.json')
  fs.mkdirSync(path.dirname(file))
  const trust = (text: string, mode: number) => {
    fs.writeFileSync(file, text)
    fs.chmodSync(file, mode)
    return () => locate(undefined, {}, root)
  }
  const list = JSON.stringify([{ project: root, what: `file ${home}/other.db` }])
  expect(trust(list, 0o600)().url).toBe(path.join(home, 'other.db'))
  expect(trust(list, 0o666)).toThrow('can be changed by others')
  expect(trust('{}', 0o600)).toThrow('is not the list')
  expect(trust('[{}]', 0o600)).toThrow('is not the list')
  expect(trust('[', 0o600)).toThrow('is not the list')
})

describe('the token of the environment', () => {
  const refused = expect.objectContaining({ code: 'unauthorized' })

  it('goes to the server that HIVEWAX_URL names, and to no other', async () => {
    const [a, b] = [await stranger(), await stranger()]
    setEnv({ HIVEWAX_URL: `${a.url}/`, HIVEWAX_TOKEN: 'secret' })
    await expect(openMemory()).rejects.toBeDefined()
    expect(a.tokens).toEqual(['Bearer secret'])
    await expect(openMemory(b.url)).rejects.toThrow(`is for ${a.url}, as HIVEWAX_URL says, and is not sent`)
    await expect(openMemory(b.url)).rejects.toEqual(refused)
    expect(b.tokens).toEqual([])
    await expect(openMemory(b.url, { token: 'of b' })).rejects.toBeDefined()
    expect(b.tokens).toEqual(['Bearer of b'])
  })

  it('goes to the server that the caller names where HIVEWAX_URL names none', async () => {
    const a = await stranger()
    setEnv({ HIVEWAX_TOKEN_FILE: path.join(scratchFolder(), 'token') })
    fs.writeFileSync(process.env.HIVEWAX_TOKEN_FILE ?? '', 'secret\n')
    await expect(openMemory(a.url)).rejects.toBeDefined()
    expect(a.tokens).toEqual(['Bearer secret'])
  })

  it('goes to the server of a trusted project, and not where that leads', async () => {
    const b = await stranger()
    const a = await stranger(`${b.url}/v1/hello`)
    const home = scratchFolder()
    setEnv({ HIVEWAX_TOKEN: 'secret', XDG_CONFIG_HOME: home })
    const root = project(a.url)
    const found = () => locate(undefined, {}, root).url
    expect(found).toThrow(`config.json names the server ${a.url}: it is used only once you trust the project`)
    fs.mkdirSync(path.join(home, 'hivewax'))
    const trusted = [{ project: root, what: `server ${a.url}` }]
    fs.writeFileSync(path.join(home, 'hivewax/trusted.json'), JSON.stringify(trusted))
    await expect(openMemory(found())).rejects.toThrow('the status 307')
    expect([a.tokens, b.tokens]).toEqual([['Bearer secret'], []])
    configure(root, b.url)
    expect(found).toThrow(b.url)
  })

  it('keeps passwords out of what it says and keeps', () => {
    const root = project('postgres://me:hush@db.example/x?password=hush')
    expect(() => locate(undefined, {}, root)).toThrow(
      /^(?!.*hush).*names the server postgres:\/\/me@db\.example\/x\?password=…:/,
    )
  })
})

describe('a location', () => {
  const home = os.homedir()
  const expanded = [
    ['~', home],
    ['~/a/b.db', `${home}/a/b.db`],
    ['$HOME/b.db', `${home}/b.db`],
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what nobody has replaced
    ['${HOME}/b.db', `${home}/b.db`],
    ['${env:HOME}/b.db', `${home}/b.db`],
    ['${userHome}/b.db', `${home}/b.db`],
    // Names that only look like it.
    ['~backup.db', '~backup.db'],
    ['./~/b.db', './~/b.db'],
    ['a$b.db', 'a$b.db'],
    ['100%.db', '100%.db'],
    ['postgres://u:p%40%41@h/d', 'postgres://u:p%40%41@h/d'],
  ] as const
  const refused = [
    ['${workspaceFolder}/.swarm/memory.db', '${workspaceFolder}'],
    ['/x/${CLAUDE_PROJECT_DIR}/m.db', '${CLAUDE_PROJECT_DIR}'],
    ['http://h/${TOKEN}', '${TOKEN}'],
    ['$PROJECT/m.db', '$PROJECT'],
    ['$PROJECT_DIR$/m.db', '$PROJECT_DIR$'],
    ['$HOMES/m.db', '$HOMES'],
    ['~root/m.db', '~root'],
    ['%APPDATA%/m.db', '%APPDATA%'],
    ['{env:HOME}/m.db', '{env:HOME}'],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above
  ] as const
  /** Wherever a location is said: the argument, the environment, a project's settings. */
  const ways: [string, (url: string) => string][] = [
    ['an argument', url => locate(url).url],
    ['HIVEWAX_URL', url => locate(undefined, { HIVEWAX_URL: url }).url],
  ]

  it.each(ways)('in %s is expanded where it names the home', (_, read) => {
    for (const [given, meant] of expanded) expect(read(given)).toBe(meant)
  })

  it.each([
    ...ways,
    ['config.json', url => locate(undefined, {}, project(url)).url] as (typeof ways)[number],
  ])('in %s is refused by name where a placeholder was not replaced', (_, read) => {
    for (const [given, name] of refused)
      expect(() => read(given), given).toThrow(`holds ${name}, which was to be`)
  })
})
