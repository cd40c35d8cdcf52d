// Logs COUNT events of type "work" with data 0, 1 … as WRITER: alone, several at a time (SIZE, 2 unless told), two in
// a transaction of their own, and again and again in transactions that are rolled back.
import { openMemory } from '../../src/open.ts'

const [location, writer, count, size = 2] = process.argv.slice(2)
const memory = await openMemory(location, {
  agentId: writer,
  background: false,
  durability: 'normal',
  busyTimeoutMs: 60_000,
})
const work = (n: number) => ({ type: 'work', data: n })

for (let n = 0; n < Number(count); ) {
  await memory.events.log(work(n++))
  await memory.events.logMany(Array.from({ length: Number(size) }, () => work(n++)))
  const undone = memory.transaction(async tx => {
    await tx.events.log({ type: 'undone' })
    throw new Error('undone')
  })
  await undone.catch(() => {})
  await memory.transaction(async tx => {
    await tx.events.log(work(n++))
    await tx.events.log(work(n++))
  })
}
await memory.close()
