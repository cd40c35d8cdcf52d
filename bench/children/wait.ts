// Subscribes to the events and prints what CPU time each of SECONDS has taken, in microseconds.
import { setInterval as every } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [file, seconds] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, durability: 'normal' })
const leave = new AbortController()
const subscription = memory.events.subscribe({ signal: leave.signal })
const listening = (async () => {
  for await (const _ of subscription);
})()
console.log('ready')

let last = process.cpuUsage()
let left = Number(seconds)
for await (const _ of every(1000)) {
  const { user, system } = process.cpuUsage(last)
  last = process.cpuUsage()
  console.log(user + system)
  if (--left === 0) break
}
leave.abort()
await listening
await memory.close()
