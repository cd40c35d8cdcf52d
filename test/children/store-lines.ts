// Stores each line that it is given, under itself, and prints what came of it; at the end of the input it closes the store.
import readline from 'node:readline'
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false })
console.log('open')
for await (const line of readline.createInterface({ input: process.stdin })) {
  await memory.store(line, line).then(
    () => console.log(`stored ${line}`),
    error => console.log(`${error instanceof HivewaxError ? error.code : error} ${line}`),
  )
}
await memory.close()
