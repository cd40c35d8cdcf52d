// Changes its two shared keys to 1, 2, 3 … and logs each number as WRITER, in one transaction or in two: as many
// more as each line of its input says. Prints the last number.
import readline from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const [location, writer = ''] = process.argv.slice(2)
const memory = await openMemory(location, {
  agentId: writer,
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
})
let n = 0
for await (const more of readline.createInterface({ input: process.stdin })) {
  for (const last = n + Number(more); n < last; ) await write(++n)
}
await memory.close()
console.log(n)

async function write(n: number): Promise<void> {
  await sleep(Math.random() * 20)
  await memory.transaction(async tx => {
    await tx.shared.update(`left/${writer}`, n)
    await tx.shared.update(`right/${writer}`, n)
    if (n % 2 === 0) await tx.events.log({ type: 'work', data: n })
  })
  if (n % 2 === 1) await memory.events.log({ type: 'work', data: n })
}
