// Stores WRITER/0, WRITER/1 … until killed, several at a time, and prints each number once it is acknowledged.
// With "lie" it prints before the commit: the harness must notice what that loses.
import fs from 'node:fs'
import { openMemory } from '../../src/open.ts'

const [file, writer, mode] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, busyTimeoutMs: 60_000 })
const first = Number((await memory.retrieve(`${writer}/next`)) ?? 0)
// A synchronous write reaches the pipe before anything else happens, even a SIGKILL.
const acknowledge = (n: number) => fs.writeSync(1, `${n}\n`)

for (let n = first; ; n++) {
  const stored = memory.kv.storeMany([
    { key: `${writer}/${n}`, value: n },
    { key: `${writer}/next`, value: n + 1 },
  ])
  if (mode === 'lie') acknowledge(n)
  await stored
  if (mode !== 'lie') acknowledge(n)
}
