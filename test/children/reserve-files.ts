// Reserves files again and again as an agent that lives by this process, and prints "clash" when another process has one
// of them too: whoever has a file says so by a mark of that name, which is that of a dead process at the most.
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Conflict } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const [location, marks = '', id = '', times = '0'] = process.argv.slice(2)
const wishes: [glob: string, ...files: string[]][] = [
  ['src/a.ts', 'a.ts'],
  ['src/*.ts', 'a.ts', 'b.ts'],
  ['**/b.ts', 'b.ts'],
  ['src/{b,c}.*', 'b.ts', 'c.md'],
  ['src', 'a.ts', 'b.ts', 'c.md'],
]
const memory = await openMemory(location, { background: false, durability: 'normal', agentId: id })
await memory.agents.connect({ id, connection: id })
await memory.agents.register({ id, type: 'coder', ttl: 3_600 })
let last = 0
for (let done = 0; done < Number(times); ) {
  const [glob, ...files] = wishes[Math.floor(Math.random() * wishes.length)]!
  try {
    const { token } = await memory.reservations.reserve([glob], { leaseMs: 3_600_000 })
    if (token <= last) console.log('clash of tokens')
    last = token
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    continue
  }
  for (const file of files) take(path.join(marks, file))
  console.log('has')
  await sleep(1)
  for (const file of files) fs.rmSync(path.join(marks, file))
  await memory.reservations.release()
  done++
}
await memory.close()

function take(file: string): void {
  try {
    fs.writeFileSync(file, String(process.pid), { flag: 'wx' })
  } catch {
    if (isAlive(Number(fs.readFileSync(file, 'utf8')))) console.log('clash')
    fs.writeFileSync(file, String(process.pid))
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
