// Stores something, reads it, and comes to its end without closing the store.
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2])
await memory.store('k', 1)
await memory.retrieve('k')
