import { expect, it } from 'vitest'
import type { Permission } from '../../src/permission.ts'
import { emptyUrl, openPostgresScratch, readerUrl, withClient } from '../support/postgres.ts'
import { caller } from '../support/requests.ts'
import { startHttp } from '../support/server.ts'

/** Calls a server of a store, whose SQL of others runs as `reader`, with a token that has this permission. */
async function door(reader: string | undefined, permission: Permission, url: string) {
  const memory = await openPostgresScratch({ reader }, url)
  const { token } = await memory.tokens.create({ principal: 'p', permissions: [permission] })
  const serving = await startHttp(memory)
  return caller(serving, token)
}

const role = { sql: 'select cast(current_user as text) as role' }

it('runs the SQL of a token as the role that is named for it, which can only read', async () => {
  const url = await emptyUrl()
  const reader = await readerUrl(url)
  const { call } = await door(reader, 'sql:read', url)
  expect((await call('maintenance.query', role)).json).toEqual([{ role: new URL(reader).username }])
  const hidden = await call('maintenance.query', { sql: 'select * from hivewax_tokens' })
  expect([hidden.status, hidden.json.error.code]).toEqual([403, 'forbidden'])
})

it('refuses the SQL of a token where no role is named, or one that can do more', async () => {
  const url = await emptyUrl()
  for (const [reader, message] of [
    [undefined, /can only read, and none is named/],
    [url, /can do more than read: it has the rights of hivewax \(superuser\)/],
  ] as const) {
    const { call } = await door(reader, 'sql:read', url)
    const { status, json } = await call('maintenance.query', role)
    expect([status, json.error.code]).toEqual([403, 'forbidden'])
    expect(json.error.message).toMatch(message)
    expect(json.error.hint).toContain('HIVEWAX_READER')
  }
})

it('refuses a role that can write to a table, or become one that can, or has a hand on the server', async () => {
  const url = await emptyUrl()
  const reader = await readerUrl(url)
  const { username } = new URL(reader)
  const { call } = await door(reader, 'sql:read', url)
  const store = new URL(url).username
  for (const [grant, undo, why] of [
    ['grant update on tasks to', 'revoke update on tasks from', 'it can write to tasks'],
    [`grant ${store} to`, `revoke ${store} from`, `it has the rights of ${store} (superuser)`],
    ['grant pg_signal_backend to', 'revoke pg_signal_backend from', 'it has the rights of pg_signal_backend'],
    ['grant pg_write_all_data to', 'revoke pg_write_all_data from', 'it can write to agent_memory'],
  ]) {
    await withClient(client => client.query(`${grant} ${username}`), url)
    expect((await call('maintenance.query', role)).json.error?.message, grant).toContain(why)
    await withClient(client => client.query(`${undo} ${username}`), url)
  }
  expect((await call('maintenance.query', role)).status).toBe(200)
})

it('runs it as the store itself where somebody asks for that by name, or the token may do everything', async () => {
  const url = await emptyUrl()
  for (const { call } of [await door('owner', 'sql:read', url), await door(undefined, 'admin', url)])
    expect((await call('maintenance.query', role)).json).toEqual([{ role: new URL(url).username }])
})

it('refuses a reader that is no role of PostgreSQL when the store is opened', async () => {
  for (const reader of ['reader', 'http://a', ''])
    await expect(openPostgresScratch({ reader })).rejects.toMatchObject({ code: 'invalid_input' })
})
