// Stores COUNT values one after another, each awaited, then exits without closing: only acknowledged commits.
import { openMemory } from '../../src/open.ts'

const [file, count, durability] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, durability: durability as 'full' | 'normal' })
for (let i = 0; i < Number(count); i++) await memory.store('k', i)
process.exit()
