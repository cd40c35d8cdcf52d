// Logs COUNT events into the table `naive` of the schema of URL, whose ids a sequence gives out: two in a transaction,
// with something to do in between.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const [text = '', count] = process.argv.slice(2)
const url = new URL(text)
const schema = url.searchParams.get('schema')
url.searchParams.delete('schema')
const client = new pg.Client({ connectionString: url.href })
await client.connect()
await client.query(`set search_path = ${schema}`)
for (let n = 0; n < Number(count); n += 2) {
  await client.query('begin')
  await client.query('insert into naive default values')
  await sleep(Math.random() * 2)
  await client.query('insert into naive default values')
  await client.query('commit')
}
await client.end()
