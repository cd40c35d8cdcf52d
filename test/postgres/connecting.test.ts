import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { hivewax, type Ran } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { withClient } from '../support/postgres.ts'
import { type Server, startServer } from '../support/postgres-server.ts'

let server: Server
let port: number

beforeAll(async () => {
  port = await freePort()
  server = startServer({ listen: { address: '127.0.0.1', port } })
  await withClient(async client => {
    await client.query("create role ada login superuser password 'right'")
    await client.query('create role guest login')
  }, server.url)
})

afterAll(() => server.stop())

let lastPort = 20_000 + (process.pid % 10_000)

/** One that the system gives to nobody who asks for any, as other tests do meanwhile. */
async function freePort(): Promise<number> {
  const taken = net.createServer()
  try {
    await once(taken.listen(++lastPort, '127.0.0.1'), 'listening')
  } catch {
    return freePort()
  }
  taken.close()
  await once(taken, 'close')
  return lastPort
}

function stats(url: string, env: NodeJS.ProcessEnv = {}): Ran {
  return hivewax(scratchFolder(), ['stats'], { env: { ...env, HIVEWAX_URL: url }, timeout: 40_000 })
}

/** The one line that says what is wrong, where a second may say what to do. */
function expectRefusal(ran: Ran, status: number, message: RegExp): void {
  const [error, hint, ...more] = ran.stderr.trimEnd().split('\n')
  expect(error).toMatch(message)
  if (hint !== undefined) expect(hint).toMatch(/^hint: /)
  expect(more).toEqual([])
  expect(ran).toMatchObject({ status, stdout: '' })
  expect(ran.stderr).not.toContain('secret')
}

it('says how to install the driver when it is missing', () => {
  const folder = scratchFolder()
  const hooks = path.join(folder, 'without-pg.mjs')
  fs.writeFileSync(
    hooks,
    `import { registerHooks } from 'node:module'
     const missing = () => Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' })
     registerHooks({ resolve(name, context, next) {
       if (name === 'pg') throw missing()
       return next(name, context)
     } })`,
  )
  const ran = stats(server.url, { NODE_OPTIONS: `--import=${hooks}` })
  expectRefusal(ran, 1, /PostgreSQL needs the package pg, which is not installed/)
  expect(ran.stderr).toContain('npm install pg')
})

it('works with the right password', () => {
  const ran = stats(`postgres://ada:right@127.0.0.1:${port}/postgres?schema=of_ada`)
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  expect(ran.stdout).not.toContain('right')
})

it.each([
  ['a port that is none', 'postgres://ada:secret@localhost:port/db', 2, /no URL of a PostgreSQL database/],
  ['a port beyond all', 'postgres://ada:secret@localhost:99999/db', 2, /no URL of a PostgreSQL database/],
  [
    'a host that is not there',
    // Longer than a name may be: it is refused here, and no network is asked.
    `postgres://ada:secret@no-such-host.${'x'.repeat(64)}/db`,
    6,
    /cannot be reached: .*no-such-host/,
  ],
  [
    'a folder without a socket',
    'postgres://ada:secret@x/db?host=/no/such/folder',
    6,
    /cannot be reached: .*ENOENT/,
  ],
])('refuses %s with one clear line', (_, url, status, message) => {
  expectRefusal(stats(url), status, message)
})

it('says of a wrong password, a missing one and an unknown user that they are refused', () => {
  const refused = /the server refused the user or the password/
  expectRefusal(stats(`postgres://ada:secret@127.0.0.1:${port}/postgres`), 5, refused)
  expectRefusal(stats(`postgres://ada@127.0.0.1:${port}/postgres`), 5, refused)
  expectRefusal(stats(`postgres://nobody:secret@127.0.0.1:${port}/postgres`), 5, refused)
})

it('says that the user may not create the tables', () => {
  expectRefusal(stats(server.url.replace('hivewax@', 'guest@')), 5, /may not do this: permission denied/)
})

it('says that there is no such database', () => {
  const url = `postgres://ada:right@127.0.0.1:${port}/nowhere`
  expectRefusal(stats(url), 2, /no such database: database "nowhere" does not exist/)
})

it('says that nobody listens there', async () => {
  const url = `postgres://ada:secret@127.0.0.1:${await freePort()}/postgres`
  expectRefusal(stats(url), 6, /cannot be reached: .*ECONNREFUSED/)
})

it('gives up on a server that does not answer', async () => {
  const silent = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const startedAt = performance.now()
  const ran = stats(`postgres://ada:secret@127.0.0.1:${port}/postgres`)
  silent.close()
  expectRefusal(ran, 6, /cannot be reached: .*timeout/)
  console.info(`gave up after ${Math.round(performance.now() - startedAt)} ms`)
})

it('waits for a server that is starting', async () => {
  await server.crash()
  const opening = openMemory(`${server.url}&schema=early`, { background: false, busyTimeoutMs: 60_000 })
  try {
    await expect(Promise.race([opening, sleep(500, 'waits')])).resolves.toBe('waits')
  } finally {
    server.start()
  }
  const memory = await opening
  await memory.store('key', 1)
  await memory.close()
})

it('refuses a server that is too old', async () => {
  const { assertServerVersion } = await import('../../src/db/postgres/schema.ts')
  expect(() => assertServerVersion(130_014, '13.14')).toThrow(
    'the server is PostgreSQL 13.14; hivewax needs 14 or newer',
  )
  expect(() => assertServerVersion(140_000, '14.0')).not.toThrow()
})
