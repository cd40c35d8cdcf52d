import { expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { withClient } from '../support/postgres.ts'
import { lendDatabase, takeBack } from '../support/postgres-reuse.ts'

// Of the tests' own support: were a test to find what another has left, both would prove nothing.

/** Every row of every table, and where each sequence stands. */
function contents(url: string): Promise<unknown[]> {
  return withClient(async client => {
    const { rows } = await client.query(
      'select tablename as name from pg_tables where schemaname = current_schema() order by 1',
    )
    const found = [await client.query('select sequencename, last_value from pg_sequences order by 1')]
    for (const { name } of rows) found.push(await client.query(`select '${name}' as of, t.* from ${name} t`))
    return found.flatMap(result => result.rows)
  }, url)
}

it('a database that a test has used is an empty store for the next one', async context => {
  if (process.env.HIVEWAX_TEST_PG_TEMPLATE === undefined) context.skip('the server is not the tests’ own')
  const lent = await lendDatabase()
  const before = await contents(lent.url)
  const memory = await openMemory(lent.url, { background: false })
  await memory.store('k', 1)
  await memory.delete('k')
  await memory.logEvent('e')
  await memory.createSession({ a: 1 })
  await memory.tasks.create({ description: 't' })
  await memory.metrics.record('m', 1)
  await memory.registerAgent({ id: 'a', type: 't' })
  await memory.locks.acquire('l')
  expect(await contents(lent.url)).not.toEqual(before)
  // Sessions that are open yet are ended.
  await takeBack(lent)
  await memory.close().catch(() => {})
  const again = await lendDatabase()
  expect(again).toBe(lent)
  expect(await contents(again.url)).toEqual(before)
  await withClient(client => client.query('create table mine (a int)'), again.url)
  await takeBack(again)
  const other = await lendDatabase()
  expect(other).not.toBe(again)
  await takeBack(other)
})
