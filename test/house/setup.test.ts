import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { agree } from '../../scripts/setup/install.mjs'
import { fingerprint } from '../../scripts/setup/stamp.mjs'
import { oldNode } from './old-node.ts'

// Each test sets up a real project with the real npm. The project's only package lies in a folder of its own,
// so that no test needs the network.
const house = join(import.meta.dirname, '../..')
const installing = /^hivewax: installing .* done in \d+\.\d s\n$/
const checking = /^hivewax: checking .* done in \d+\.\d s\n$/

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hivewax-setup-'))
  for (const path of ['scripts/setup.mjs', 'scripts/setup', 'bin/node-version.js']) {
    cpSync(join(house, path), join(root, path), { recursive: true })
  }
  writePackage({ cell: 'file:cell' })
  writeLock('1.0.0')
})

afterEach(() => rmSync(root, { recursive: true }))

describe('the set-up', () => {
  test('installs once, and says so in one line', () => {
    expect(setUp()).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(installing) })
    expect(existsSync(join(root, 'node_modules/cell/package.json'))).toBe(true)
    expect(setUp()).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(existsSync(join(root, '.setup-lock'))).toBe(false)
  })

  test('installs what the scripts need even where npm would leave it out', () => {
    const run = setUp({
      NODE_ENV: 'production',
      npm_config_omit: 'dev',
      npm_config_dry_run: 'true',
      CI: 'true',
    })
    expect(run).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
    expect(existsSync(join(root, 'node_modules/cell/package.json'))).toBe(true)
  })

  test('installs again when a package has gone', () => {
    setUp()
    rmSync(join(root, 'node_modules/cell'))
    expect(setUp()).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
    expect(existsSync(join(root, 'node_modules/cell/package.json'))).toBe(true)
  })

  test('installs again when package-lock.json wants another version', () => {
    setUp()
    writeLock('1.0.1')
    expect(setUp()).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
  })

  test('takes over what npm has installed already', () => {
    setUp()
    writePackage({ cell: 'file:cell' }, 'of cells')
    expect(setUp()).toMatchObject({ status: 0, stderr: expect.stringMatching(checking) })
    expect(setUp()).toMatchObject({ status: 0, stderr: '' })
  })

  test('fails with what npm says, and fails again the next time', () => {
    writePackage({ cell: 'file:cell', wax: 'file:wax' })
    for (const run of [setUp(), setUp()]) {
      expect(run.status).toBe(1)
      expect(run.stderr).toMatch(/the set-up failed: npm ci ended with 1\..*Missing: wax@.* from lock file/s)
    }
    expect(existsSync(join(root, '.setup-lock'))).toBe(false)
  })

  test('refuses to go on with a Node that the scripts cannot use', context => {
    const node = oldNode(context)
    const run = setUp({ PATH: dirname(node), npm_execpath: undefined }, node)
    expect(run.stderr).toMatch(/the set-up failed: the scripts need Node 24\.15 or newer and would run v\d/)
    expect(run.status).toBe(1)
  })
})

test('a version that is newer than what npm remembers of the registry is installed', async () => {
  mkdirSync(join(root, 'wax/package'), { recursive: true })
  const versions: Record<string, object> = {}
  const registry = createServer((request, response) => {
    if (request.url !== '/wax') return void response.end(readFileSync(join(root, `wax${request.url}`)))
    response.setHeader('cache-control', 'public, max-age=300')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ name: 'wax', 'dist-tags': { latest: '1.0.0' }, versions }))
  }).listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  const env = { npm_config_registry: url, npm_config_cache: join(root, 'cache') }
  for (const version of ['1.0.0', '1.0.1']) {
    write('wax/package/package.json', { name: 'wax', version })
    execFileSync('tar', ['-czf', join(root, `wax/${version}.tgz`), '-C', join(root, 'wax'), 'package'])
    const digest = createHash('sha512').update(readFileSync(join(root, `wax/${version}.tgz`)))
    const integrity = `sha512-${digest.digest('base64')}`
    versions[version] = { name: 'wax', version, dist: { tarball: `${url}/${version}.tgz`, integrity } }
    writePackage({ wax: version })
    const packages = {
      '': { name: 'comb', devDependencies: { wax: version } },
      'node_modules/wax': { version, integrity, dev: true },
    }
    write('package-lock.json', { name: 'comb', lockfileVersion: 3, packages })
    expect(await finish(start(env))).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
  }
  registry.close()
})

describe('two set-ups', () => {
  test('at once install once', async () => {
    const runs = await Promise.all([start(), start(), start()].map(finish))
    expect(runs.map(run => run.status)).toEqual([0, 0, 0])
    const working = runs.filter(run => /installing|checking/.test(run.stderr))
    expect(working.map(run => run.stderr)).toEqual([expect.stringContaining('installing')])
  })

  test('wait for each other', async () => {
    write(`.setup-lock/${process.pid}`, '')
    const waiting = start()
    const [first] = await once(waiting.stderr!, 'data')
    expect(String(first)).toBe(`hivewax: waiting for the set-up of process ${process.pid}\n`)
    expect(existsSync(join(root, 'node_modules'))).toBe(false)
    // An empty folder is free to take: who removes it too may meet the next owner's file in it.
    rmSync(join(root, `.setup-lock/${process.pid}`))
    expect(await finish(waiting)).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
  })

  test('do not wait for one that was killed', () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    write(`.setup-lock/${pid}`, '')
    expect(setUp()).toMatchObject({ status: 0, stderr: expect.stringMatching(installing) })
    expect(existsSync(join(root, '.setup-lock'))).toBe(false)
  })
})

test.each([
  ['the same', { 'node_modules/a': { version: '1' } }, { 'node_modules/a': { version: '1' } }, true],
  ['the project itself left out', { '': {}, 'node_modules/a': {} }, { 'node_modules/a': {} }, true],
  ['an optional one absent', { 'node_modules/a': { version: '1', optional: true } }, {}, true],
  ['one digest unknown', { a: { integrity: 'x' } }, { a: {} }, true],
  ['one absent', { 'node_modules/a': { version: '1' } }, {}, false],
  ['one too many', {}, { 'node_modules/a': { version: '1' } }, false],
  ['another version', { a: { version: '1' } }, { a: { version: '2' } }, false],
  ['another content', { a: { integrity: 'x' } }, { a: { integrity: 'y' } }, false],
])('what is installed is compared with what is wanted: %s', (_, wanted, installed, expected) => {
  expect(agree(wanted as Packages, installed as Packages)).toBe(expected)
})

test('the fingerprint changes with either package file', () => {
  const before = fingerprint(root)
  writePackage({})
  const between = fingerprint(root)
  writeLock('2.0.0')
  expect(new Set([before, between, fingerprint(root)]).size).toBe(3)
})

type Packages = Parameters<typeof agree>[0]

function writePackage(devDependencies: Record<string, string>, description = ''): void {
  write('package.json', { name: 'comb', type: 'module', description, devDependencies })
}

/** The package and the lock file that asks for it. */
function writeLock(version: string): void {
  write('cell/package.json', { name: 'cell', version })
  const packages = {
    '': { name: 'comb', devDependencies: { cell: 'file:cell' } },
    cell: { version, dev: true },
    'node_modules/cell': { resolved: 'cell', link: true },
  }
  write('package-lock.json', { name: 'comb', lockfileVersion: 3, packages })
}

function write(path: string, content: unknown): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(content))
}

function setUp(env: NodeJS.ProcessEnv = {}, node = process.execPath) {
  const options = { env: { ...process.env, ...env }, encoding: 'utf8', timeout: 80_000 } as const
  return spawnSync(node, [join(root, 'scripts/setup.mjs')], options)
}

function start(env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'scripts/setup.mjs')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** What a started set-up has still to say, and how it ended. */
async function finish(child: ChildProcess): Promise<{ status: number | null; stderr: string }> {
  let stderr = ''
  child.stderr?.on('data', chunk => (stderr += chunk))
  const [status] = await once(child, 'close')
  return { status, stderr }
}
