// Claims and completes tasks as AGENT, printing each step once it is acknowledged, until none is left to do. With a
// number HOLD it claims that many, says "holding", and completes the last one only when a line comes on stdin.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, agentId, leaseMs, hold] = process.argv.slice(2)
const memory = await openMemory(location, {
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
  agentId,
})
let claims = 0

for (;;) {
  const [task] = await memory.tasks.claim({ leaseMs: Number(leaseMs) })
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
    const { pending, running } = await memory.tasks.counts()
    if (pending + running === 0) break
    await sleep(5)
  }
}
await memory.close()
