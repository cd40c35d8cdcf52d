// Waits for a line on stdin, so that many start at the same moment; then opens the store, writes once, says "ok".
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [location, name] = process.argv.slice(2)
console.log('ready')
await once(process.stdin, 'data')
process.stdin.unref?.()
const memory = await openMemory(location, { background: false, busyTimeoutMs: 60_000 })
await memory.store(`opened by ${name}`, process.pid)
await memory.close()
console.log('ok')
process.exit()
