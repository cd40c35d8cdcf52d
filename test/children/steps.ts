// Runs COUNT steps of a workflow. Each notes in the file EFFECTS that it ran, and prints its kept result.
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { openMemory } from '../../src/open.ts'

const [location, effects = '', count] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal' })
for (let i = 0; i < Number(count); i++) {
  const run = await memory.workflows.step('w', `step ${i}`, () => {
    const id = randomUUID()
    fs.appendFileSync(effects, `${i} ${id}\n`)
    return id
  })
  // A synchronous write reaches the pipe before anything else happens, even a SIGKILL.
  fs.writeSync(1, `${i} ${run}\n`)
}
await memory.close()
