// Handles events of type "work" as GROUP: notes each in the transaction that commits its offset, and prints its id.
// Noting one twice is an error. With COUNT it dies by SIGKILL at that event: "inside" its transaction or "after" it.
import fs from 'node:fs'
import { openMemory } from '../../src/open.ts'

/** Short, for who comes after one that was killed waits for its end; with nobody else about it is taken up again. */
const leaseMs = 1_000

const [location, group = '', count, where] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
let handled = 0
const dieAt = (place: string) => {
  if (handled === Number(count) && place === where) process.kill(process.pid, 'SIGKILL')
}

for await (const { id } of memory.events.subscribe({ types: ['work'], since: 0, group, leaseMs })) {
  handled++
  await memory.transaction(async tx => {
    if (await tx.events.commit(group, id)) await tx.store(`handled/${id}`, process.pid, { ifAbsent: true })
    dieAt('inside')
  })
  dieAt('after')
  fs.writeSync(1, `${id}\n`)
}
