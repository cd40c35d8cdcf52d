// Stores each line of stdin under "counter" as a number and prints the line once it is acknowledged.
import readline from 'node:readline'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false, durability: 'normal' })
for await (const line of readline.createInterface({ input: process.stdin })) {
  await memory.store('counter', Number(line))
  console.log(line)
}
await memory.close()
