// Handles events of type "work" as a consumer of GROUP with a lease of LEASE_MS: notes each, with its token, in the
// transaction that commits it, and prints its id. Noting one twice is an error. At event number HOLD it prints
// "holding" and works on it until a line comes on stdin. Ends with the code of the error that ended it.
import { once } from 'node:events'
import fs from 'node:fs'
import type { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, group = '', leaseMs, hold] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
const say = (line: unknown) => fs.writeSync(1, `${line}\n`)
const work = memory.events.subscribe({ types: ['work'], since: 0, group, leaseMs: Number(leaseMs) })
let count = 0

async function consume(): Promise<void> {
  for await (const { id } of work) {
    if (++count === Number(hold)) {
      say('holding')
      await once(process.stdin, 'data')
      process.stdin.pause()
    }
    const noted = memory.transaction(async tx => {
      if (await tx.events.commit(group, id, work))
        await tx.store(`handled/${id}`, work.token, { ifAbsent: true })
    })
    await noted.then(
      () => say(id),
      (error: HivewaxError) => say(`${error.code} ${id}`),
    )
  }
}

await consume().catch((error: HivewaxError) => say(`ended ${error.code}`))
await memory.close()
