// Reads one key of key-value memory and one of shared state, in one statement, over and over, and prints each new
// pair of values.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false })
for (let last = ''; ; await nextTurn()) {
  const [row] = await memory.query(
    `select (select value from memory_store where key = 'state') as kept,
            (select value from shared_state where key = 'state') as shared`,
  )
  const pair = `${row?.kept} ${row?.shared}`
  if (pair !== last) console.log(pair)
  last = pair
}
