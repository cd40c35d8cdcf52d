// Serves the type `work` on LOCATION with leases of LEASE ms until SIGTERM, as AGENT: COUNT steps, each of which notes
// its key and its result in the file EFFECTS; a sleep after every eighth; a signal to wait for. Prints which runs it
// begins, and the steps that are kept.
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [location, effects = '', steps, leaseMs, agentId] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', agentId })
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
// A synchronous write reaches its file before anything else happens, even a SIGKILL.
const print = (text: string) => fs.writeSync(1, `${text}\n`)
print('ready')
await memory.workflows.serve(
  {
    work: {
      run: async wf => {
        print(`begins ${wf.id}`)
        const kept: unknown[] = []
        for (let iteration = 0; iteration < Number(steps); iteration++) {
          const result = await wf.step(
            'do',
            async ({ key }) => {
              const id = randomUUID()
              fs.appendFileSync(effects, `${key} ${id}\n`)
              await sleep(3)
              return id
            },
            { iteration },
          )
          print(`kept ${wf.key('do', { iteration })} ${result}`)
          kept.push(result)
          if (iteration % 8 === 7) await wf.sleep('rest', '60ms', { iteration })
          if (iteration === 5) kept.push(await wf.waitFor('go'))
        }
        return kept
      },
    },
  },
  { signal: stop.signal, leaseMs: Number(leaseMs), concurrency: 3 },
)
await memory.close()
