// Does the upkeep of a store in the background, in short rounds, and prints "leads" or "follows" when that changes.
import { instrument, Meter } from '../../src/db/instrument.ts'
import { openSqlite } from '../../src/db/sqlite/open.ts'
import { SqliteUpkeep } from '../../src/db/sqlite/upkeep.ts'
import { AccessLog } from '../../src/maintenance/access.ts'
import { Background } from '../../src/maintenance/background.ts'
import { systemClock } from '../../src/util/clock.ts'

const { store } = await openSqlite(process.argv[2] ?? '', {})
const meter = new Meter(1000)
const db = instrument(store.db(systemClock), meter)
const fail = (error: unknown) => {
  throw error
}
const context = {
  db,
  clock: systemClock,
  agentId: undefined,
  maxValueBytes: 1024,
  cacheBytes: 0,
  countRead: () => {},
}
const engine = new SqliteUpkeep(store, systemClock, () => true)
const access = new AccessLog(db, systemClock, fail)
const upkeep = { context, engine, meter, access, reason: 'a test' }
const background = new Background(upkeep, { intervalMs: 100, onError: fail })

let last: boolean | undefined
setInterval(() => {
  if (background.leads !== last) console.log(background.leads ? 'leads' : 'follows')
  last = background.leads
}, 5)
process.on('SIGTERM', async () => {
  await background.stop()
  process.exit()
})
