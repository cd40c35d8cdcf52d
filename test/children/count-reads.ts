// Retrieves each line of stdin as a key; ends by closing the store, which writes what was counted.
import readline from 'node:readline'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false })
for await (const key of readline.createInterface({ input: process.stdin })) await memory.retrieve(key)
await memory.close()
