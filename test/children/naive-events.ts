// Logs events into the table `naive` of the schema of URL, whose ids a sequence gives out: two in a transaction, with
// something to do in between. Goes on until its input ends.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const [text = ''] = process.argv.slice(2)
let isOver = false
process.stdin.on('end', () => {
  isOver = true
})
process.stdin.resume()
const url = new URL(text)
const schema = url.searchParams.get('schema')
url.searchParams.delete('schema')
const client = new pg.Client({ connectionString: url.href })
await client.connect()
await client.query(`set search_path = ${schema}`)
while (!isOver) {
  await client.query('begin')
  await client.query('insert into naive default values')
  await sleep(Math.random() * 2)
  await client.query('insert into naive default values')
  await client.query('commit')
}
await client.end()
