// Prints "ready", follows the events until COUNT of type "go" were logged by others, stores a record as the last thing it
// does, resigns, and closes the store. Then it prints "closed", with nothing left that would keep it alive.
import { openMemory } from '../../src/open.ts'

const [url, count] = process.argv.slice(2)
const memory = await openMemory(url, { agentId: 'follower' })
const office = await memory.locks.campaign('office')
console.log('ready')
let seen = 0
for await (const _ of memory.events.subscribe({ types: ['go'], since: 0 }))
  if (++seen === Number(count)) break
await memory.store('last', 'words')
await office[Symbol.asyncDispose]()
await memory.close()
console.log('closed')
