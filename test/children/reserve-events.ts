// Logs COUNT events of type "work" the wrong way: takes each id before the transaction that uses it, as sequences of
// many databases do. The test has made the table `reserved (next)`.
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const [file, writer, count] = process.argv.slice(2)
const db = new DatabaseSync(file ?? '', { timeout: 60_000 })
db.exec('pragma synchronous=normal')
const reserve = db.prepare('update reserved set next = next + 1 returning next as id')
const insert = db.prepare('insert into events (id, type, source, data) values (?, ?, ?, ?)')

for (let n = 0; n < Number(count); n++) {
  const id = Number(reserve.get()?.id)
  await sleep(Math.random() * 3)
  insert.run(id, 'work', writer ?? '', String(n))
}
db.close()
