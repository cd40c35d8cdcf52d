import net from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import pg from 'pg'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { call } from '../../src/access/call.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { dump } from '../support/dump.ts'
import { inputsOf } from '../support/inputs.ts'
import { emptyFile, openScratch, scratchFolder } from '../support/memory.ts'
import { emptyUrl, openPostgresScratch, withClient } from '../support/postgres.ts'
import { caller } from '../support/requests.ts'
import { socketsOfServers, startHttp } from '../support/server.ts'
import { fill } from '../support/stored.ts'

/** A store that somebody else can keep from being used. */
interface Holdable {
  readonly memory: Memory
  readonly hold: () => Promise<void>
  /** Lets others use it again. */
  readonly letGo: () => Promise<void>
  /** Does so once nothing waits any more that would change it. */
  readonly release: () => Promise<void>
  /** What tells apart what each table holds at two times. */
  readonly stored: () => Promise<unknown>
}

const patient = { busyTimeoutMs: 60_000, countReads: false }

/** What another process writes keeps all others from writing. */
async function holdableFile(): Promise<Holdable> {
  const file = emptyFile()
  const memory = await openScratch(patient, file)
  await fill(memory)
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  return {
    memory,
    hold: async () => other.exec('begin immediate'),
    letGo: async () => other.exec('rollback'),
    release: async () => other.exec('rollback'),
    stored: async () => dump(file).split('\n'),
  }
}

/** Tables that are locked can be neither written nor read, but for the one of tokens, by which callers are let in. */
async function holdableDatabase(): Promise<Holdable> {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({ ...patient, reader: 'owner', maxConnections: 8 }, url)
  await fill(memory)
  const other = new pg.Client(url)
  await other.connect()
  onTestFinished(() => other.end())
  const { rows } = await other.query("select tablename as name from pg_tables where schemaname = 'public'")
  const names = rows.map(({ name }) => String(name)).filter(name => name !== 'hivewax_tokens')
  const contents = names.map(
    name => `select '${name}' as name, md5(string_agg(t::text, '; ' order by t::text)) from ${name} t`,
  )
  // What the store counts for itself by the way is not the caller's.
  const waiting =
    "select query from pg_stat_activity where $1 = any(pg_blocking_pids(pid)) and query !~* '^(select|lock)'"
  const own = await other.query('select pg_backend_pid() as pid')
  return {
    memory,
    hold: async () => {
      await other.query('begin')
      await other.query(`lock table ${names.join()} in access exclusive mode`)
    },
    letGo: async () => void (await other.query('rollback')),
    release: async () => {
      // What is to end hears of it by another connection.
      await expect
        .poll(async () => (await other.query(waiting, [own.rows[0].pid])).rows, { timeout: 30_000 })
        .toEqual([])
      await other.query('rollback')
    },
    stored: () => withClient(async client => (await client.query(contents.join(' union all '))).rows, url),
  }
}

interface Call {
  readonly operation: Operation
  readonly input: object
}

/** A call of each operation, one that it does something with if chance makes one in so many tries. */
async function callsOfAll(tries: number): Promise<Call[]> {
  const memory = await openMemory(':memory:', { background: false })
  await fill(memory)
  const calls: Call[] = []
  for (const operation of operations) {
    // What takes the place of the whole store is not left half-way.
    if (operation.name === 'maintenance.restore') continue
    const inputs = fc.sample(inputsOf(operation), { numRuns: tries, seed: 1 })
    let found: object | undefined
    for (const input of operation.inTransaction === false ? [] : inputs)
      if (found === undefined && (await isDone(memory, { operation, input }))) found = input
    // It is its time that is looked at, and not its own.
    const { timeoutMs: _, waitMs: __, ...input } = (found ?? inputs[0]) as Record<string, unknown>
    calls.push({ operation, input })
  }
  await memory.close()
  return calls
}

async function isDone(memory: Memory, { operation, input }: Call): Promise<boolean> {
  const undo = new Error('only to see')
  const done = memory.transaction(async tx => {
    await call(operation, input, { memory: tx as Memory })
    throw undo
  })
  return done.catch(error => error === undo)
}

/** Sends a request that is not waited for. */
async function sendOnly(
  { url, token }: { url: string; token: string },
  { operation, input }: Call,
): Promise<net.Socket> {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  const body = JSON.stringify(input)
  const lines = [
    `POST /v1/${operation.name.replace('.', '/')} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  await new Promise<void>(resolve => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`, () => resolve()))
  return socket
}

describe.each([
  ['sqlite', holdableFile, 80],
  ['postgres', holdableDatabase, 140],
] as const)('every operation that is kept waiting (%s)', (_, open, waiting) => {
  let calls: Call[]
  beforeAll(async () => {
    calls = await callsOfAll(12)
  }, 120_000)

  /** A server of such a store, and what a token's holder calls there. */
  async function start(timeoutMs: number) {
    const held = await open()
    const serving = await startHttp(held.memory, { files: scratchFolder(), timeoutMs })
    const { id, token } = await held.memory.tokens.create({ principal: 'ci', permissions: ['admin'] })
    const { call } = caller(serving, token)
    const callAll = () =>
      Promise.all(
        calls.map(async ({ operation, input }) => ({ operation, answer: await call(operation.name, input) })),
      )
    return { ...held, serving: { url: serving.url, token }, id, callAll }
  }

  /** Resolves when all that the memory was asked to write before is done. */
  const untilWritten = async (memory: Memory) => void (await memory.sessions.delete('nothing'))

  it('is answered when its time is over, and not done later', async () => {
    const { memory, hold, release, stored, callAll } = await start(400)
    const before = await stored()
    await hold()
    const answers = await callAll()
    await release()
    // What has nothing to wait for is answered.
    expect(answers.filter(({ answer }) => answer.status === 504).length).toBeGreaterThan(waiting)
    for (const { operation, answer } of answers) {
      expect(answer.status < 500 || answer.status === 504, `${operation.name}: ${answer.text}`).toBe(true)
      if (answer.status !== 504) continue
      const { details, message } = answer.json.error
      const hasBegun = !message.startsWith('it was not found out')
      expect(details, operation.name).toEqual(
        hasBegun && operation.effect !== 'read' ? { outcome: 'unknown' } : undefined,
      )
    }
    await untilWritten(memory)
    expect(await stored()).toEqual(before)
  }, 60_000)

  it('is not done when its caller has left', async () => {
    const { memory, hold, release, stored, serving } = await start(60_000)
    const before = await stored()
    await hold()
    const ends = socketsOfServers()
    const sockets = await Promise.all(calls.map(each => sendOnly(serving, each)))
    await expect.poll(() => ends.length, { timeout: 30_000 }).toBe(calls.length)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => ends.every(({ destroyed }) => destroyed), { timeout: 30_000 }).toBe(true)
    await release()
    await untilWritten(memory)
    expect(await stored()).toEqual(before)
  }, 60_000)

  it('ends when its token is revoked, which waits for nothing', async () => {
    const { memory, hold, letGo, callAll, id } = await start(60_000)
    await hold()
    const ends = socketsOfServers()
    const answering = callAll()
    await expect.poll(() => ends.length, { timeout: 30_000 }).toBeGreaterThan(0)
    const revoking = memory.tokens.revoke(id)
    const answers = await answering
    await letGo()
    expect(await revoking).toBe(true)
    expect(answers.filter(({ answer }) => answer.status === 401).length).toBeGreaterThan(waiting)
    for (const { operation, answer } of answers)
      expect(answer.status < 500, `${operation.name}: ${answer.text}`).toBe(true)
  }, 60_000)
})
