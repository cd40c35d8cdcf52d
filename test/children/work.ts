// Claims and completes tasks as AGENT, printing each step once it is acknowledged, until none is left to do. With a
// number HOLD it claims that many, the last one under a lease of HELD_MS, says "holding", and completes that one only
// when a line comes on stdin.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, agentId, hold, heldMs] = process.argv.slice(2)
const memory = await openMemory(location, {
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
  agentId,
})
let claims = 0

for (;;) {
  const leaseMs = claims + 1 === Number(hold) ? Number(heldMs) : 3_600_000
  const [task] = await memory.tasks.claim({ leaseMs })
  if (task !== undefined) {
    console.log(`claimed ${task.id} ${task.token}`)
    if (++claims === Number(hold)) {
      console.log(`holding ${task.id} ${task.token}`)
      await once(process.stdin, 'data')
      process.stdin.pause()
    }
    const completed = memory.tasks.complete({ ...task, result: `by ${agentId}` })
    const said = await completed.then(
      () => 'completed',
      (error: HivewaxError) => error.code,
    )
    console.log(`${said} ${task.id} ${task.token}`)
  } else {
    const { pending, running, lapsed } = await memory.tasks.counts()
    if (pending + running + lapsed === 0) break
    await sleep(5)
  }
}
await memory.close()
