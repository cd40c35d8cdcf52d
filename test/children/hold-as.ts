// Opens a store as an account, `{ uid, gid, groups }`, says "holding", and closes it when its input ends.
import { once } from 'node:events'
import { openMemory } from '../../src/open.ts'

const [file, account = '{}'] = process.argv.slice(2)
const { uid, gid, groups } = JSON.parse(account)
process.setgroups?.(groups)
process.setgid?.(gid)
process.setuid?.(uid)
const memory = await openMemory(file, { background: false })
console.log('holding')
process.stdin.resume()
await once(process.stdin, 'end')
await memory.close()
