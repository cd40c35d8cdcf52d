// Stores `key` at LOCATION and prints "stored", or the error as JSON with whether trying again can help.
import { HivewaxError } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'

const memory = await openMemory(process.argv[2], { background: false })
await memory.store('key', 'value').then(
  () => console.log('stored'),
  error => {
    if (!(error instanceof HivewaxError)) throw error
    console.log(JSON.stringify({ ...error.toJSON(), retryable: error.retryable }))
  },
)
process.exit()
