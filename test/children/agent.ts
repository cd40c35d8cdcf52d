import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Busy, HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

// agent LOCATION ID TTL [connected]: takes a lock and registers, from when on its time runs; when a line comes on stdin it writes as
// this incarnation until it is refused. A server that rolled back the write in which this process was stopped says that
// it is busy, which is no refusal.
const [location = '', id = '', ttl = '', connected] = process.argv.slice(2)
const memory = await openMemory(location, { background: false })
await memory.as(id).locks.acquire(`lock of ${id}`, { leaseMs: 3_600_000 })
const agent = await memory.registerAgent({ id, type: 'child', ttl: Number(ttl), swarmId: 's' })
const own = memory.as(id, agent)
if (connected) await memory.agents.connect({ id, connection: 'child' })
console.log(`ready ${agent.incarnation}`)
await once(process.stdin, 'data')
process.stdin.pause()
try {
  for (let i = 0; ; i++) {
    const stored = own.store('writer', { incarnation: agent.incarnation, i })
    await stored.catch(error => {
      if (!(error instanceof Busy)) throw error
    })
    await sleep(20)
  }
} catch (error) {
  console.log(error instanceof HivewaxError ? `refused ${error.code}` : String(error))
}
await memory.close()
