import { setTimeout as sleep } from 'node:timers/promises'
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

// agent LOCATION ID TTL: registers, takes a lock, and writes as this incarnation until it is refused
const [location = '', id = '', ttl = ''] = process.argv.slice(2)
const memory = await openMemory(location, { background: false })
const agent = await memory.registerAgent({ id, type: 'child', ttl: Number(ttl), swarmId: 's' })
const own = memory.as(id, agent)
await own.locks.acquire(`lock of ${id}`, { leaseMs: 3_600_000 })
console.log(`ready ${agent.incarnation}`)
try {
  for (let i = 0; ; i++) {
    await own.store('writer', { incarnation: agent.incarnation, i })
    await sleep(20)
  }
} catch (error) {
  console.log(error instanceof HivewaxError ? `refused ${error.code}` : String(error))
}
await memory.close()
