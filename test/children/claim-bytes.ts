// Claims a task of FILE, completes it, and prints how many bytes the process has read for each, beginning with an
// empty page cache. The code is loaded, and everything else done once, on the store WARM.
import fs from 'node:fs'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'

const [warm, file] = process.argv.slice(2)
const open = (path?: string) => openMemory(path, { background: false, durability: 'normal', agentId: 'w' })

/** What the process has read so far, by whatever system call. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1])
}

async function work(memory: Memory): Promise<{ claim: number; complete: number }> {
  const start = bytesRead()
  const [task] = await memory.tasks.claim()
  const between = bytesRead()
  if (task === undefined) throw new Error('there was nothing to claim')
  await memory.tasks.complete(task)
  return { claim: between - start, complete: bytesRead() - between }
}

const first = await open(warm)
await work(first)
await first.close()
const memory = await open(file)
console.log(JSON.stringify(await work(memory)))
await memory.close()
