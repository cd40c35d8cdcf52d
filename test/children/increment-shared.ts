// Adds 1 to the shared counter COUNT times by compare-and-set, trying again when another was faster.
import { Conflict } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })

async function increment(): Promise<void> {
  const { value = 0, version = 0 } = (await memory.shared.get('counter')) ?? {}
  try {
    await memory.shared.update('counter', Number(value) + 1, { expectedVersion: version })
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    await increment()
  }
}

for (let i = 0; i < Number(count); i++) await increment()
await memory.close()
