// Stores one record after another, and prints each half second how many that were, and the longest of them in milliseconds.
import { openMemory } from '../../src/open.ts'

const [location] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, busyTimeoutMs: 60_000 })
let isOver = false
let [count, longestMs] = [0, 0]
const report = setInterval(() => {
  console.log(`${count} ${longestMs.toFixed(1)}`)
  count = 0
  longestMs = 0
}, 500)
process.stdin.once('close', () => {
  isOver = true
})
process.stdin.resume()
for (let i = 0; !isOver; i++) {
  const startedAt = performance.now()
  await memory.store(`other-${i % 1_000}`, { i, text: 'written by another process' }, { namespace: 'others' })
  longestMs = Math.max(longestMs, performance.now() - startedAt)
  count++
}
clearInterval(report)
await memory.close()
