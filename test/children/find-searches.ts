// Searches the same words over and over, and so indexes what others write, until its input ends.
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false, busyTimeoutMs: 60_000 })
let isOver = false
process.stdin.on('end', () => {
  isOver = true
})
process.stdin.resume()
console.log('ready')
while (!isOver) {
  await memory.find('text number1 number50', { limit: 100 })
  await new Promise(resolve => setImmediate(resolve))
}
await memory.close()
