// Logs COUNT events of type "work" with data 0, 1 … as WRITER: alone, several at a time, in transactions of their
// own, and again and again in transactions that are rolled back.
import { openMemory } from '../../src/open.ts'

const [file, writer, count] = process.argv.slice(2)
const memory = await openMemory(file, {
  agentId: writer,
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
})
const work = (n: number) => ({ type: 'work', data: n })

for (let n = 0; n < Number(count); n += 5) {
  await memory.events.log(work(n))
  await memory.events.logMany([work(n + 1), work(n + 2)])
  const undone = memory.transaction(async tx => {
    await tx.events.log({ type: 'undone' })
    throw new Error('undone')
  })
  await undone.catch(() => {})
  await memory.transaction(async tx => {
    await tx.events.log(work(n + 3))
    await tx.events.log(work(n + 4))
  })
}
await memory.close()
