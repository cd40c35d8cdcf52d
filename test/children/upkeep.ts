// Does the upkeep of a store in the background, in short rounds, and prints "leads" or "follows" when that changes.
// SIGTERM ends it properly.
import { Background } from '../../src/maintenance/background.ts'
import { systemClock } from '../../src/util/clock.ts'
import { fail, openUpkeep } from '../support/upkeep.ts'

const upkeep = await openUpkeep(process.argv[2] ?? '', systemClock)
const background = new Background(upkeep, { intervalMs: 300, onError: fail })

let last: boolean | undefined
setInterval(() => {
  if (background.leads !== last) console.log(background.leads ? 'leads' : 'follows')
  last = background.leads
}, 5)
process.on('SIGTERM', async () => {
  await background.stop()
  await upkeep.release()
  process.exit()
})
