// Stores `held` and logs an event in a transaction of TIMEOUT_MS, says "holding", and stops itself before it commits.
// Then prints what came of it.
import fs from 'node:fs'
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, timeoutMs] = process.argv.slice(2)
const memory = await openMemory(location, { background: false })
const held = memory.transaction(
  async tx => {
    await tx.store('held', 'by who stopped')
    await tx.logEvent('held')
    fs.writeSync(1, 'holding\n')
    process.kill(process.pid, 'SIGSTOP')
  },
  { timeoutMs: Number(timeoutMs) },
)
await held.then(
  () => console.log('committed'),
  error => console.log(error instanceof HivewaxError ? `refused ${error.code}` : String(error)),
)
await memory.close()
