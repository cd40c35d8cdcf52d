// Waits for a line on stdin, so that many start at the same moment; then takes the store one step ahead, says "ok".
import { once } from 'node:events'
import { migrateStore } from '../upgrade/migrate-store.ts'
import { ahead } from '../upgrade/trial.ts'

const [location = ''] = process.argv.slice(2)
console.log('ready')
await once(process.stdin, 'data')
process.stdin.unref?.()
await migrateStore(location, ahead)
console.log('ok')
process.exit()
