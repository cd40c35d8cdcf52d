// Serves the type `work` on LOCATION with leases of LEASE ms until SIGTERM: each run is a step of 50 ms, except `poison`,
// which kills the process 5 ms after it began.
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [location, leaseMs] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal' })
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
await memory.workflows.serve(
  {
    work: {
      run: async wf => {
        if (wf.id === 'poison') {
          await sleep(5)
          process.kill(process.pid, 'SIGKILL')
        }
        await wf.step('a', () => sleep(50))
      },
    },
  },
  { signal: stop.signal, leaseMs: Number(leaseMs) },
)
await memory.close()
