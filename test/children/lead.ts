// Leads and writes under the guard of its term, COUNT times in all and 4 times a term, and prints a JSON line for each
// term, each write and each write refused. It stops itself STOPS times, between two writes of a term.
import fs from 'node:fs'
import { HivewaxError } from '../../src/errors.ts'
import type { Leadership } from '../../src/locks/leadership.ts'
import { openMemory } from '../../src/open.ts'

const [location = '', candidate = '', count, stops] = process.argv.slice(2)
const memory = await openMemory(location, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
let written = 0
let stopped = 0

function print(line: Record<string, number>): void {
  fs.writeSync(1, `${JSON.stringify(line)}\n`)
}

async function write({ term }: Leadership): Promise<void> {
  await memory.transaction(async tx => {
    await tx.locks.assert({ name: 'chief', token: term })
    await tx.shared.update('ledger', { by: candidate, term })
  })
}

async function rule(chief: Leadership): Promise<void> {
  print({ elected: chief.term })
  for (let i = 0; i < 4 && written < Number(count); i++) {
    if (written >= 2 && stopped < Number(stops)) {
      stopped++
      print({ stopping: chief.term })
      process.kill(process.pid, 'SIGSTOP')
    }
    await write(chief)
    written++
    print({ wrote: chief.term })
  }
}

while (written < Number(count)) {
  await using chief = await memory.locks.campaign('chief', { candidate, leaseMs: 300 })
  try {
    await rule(chief)
  } catch (error) {
    if (!(error instanceof HivewaxError && error.code === 'stale_token')) throw error
    print({ refused: chief.term })
  }
}
await memory.close()
