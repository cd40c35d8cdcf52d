// Logs COUNT events with gaps of MIN to MAX milliseconds, each with the time just before the call: nanoseconds of
// the clock that all processes of a machine share. Waits for a line of input first.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [file, count, min, max] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, durability: 'normal' })
await once(process.stdin, 'data')
process.stdin.destroy()
for (let i = 0; i < Number(count); i++) {
  await sleep(Number(min) + Math.random() * (Number(max) - Number(min)))
  await memory.events.log({ type: 'tick', data: String(process.hrtime.bigint()) })
}
await memory.close()
