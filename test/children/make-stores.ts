// Makes an empty store at each LOCATION.
import { openMemory } from '../../src/open.ts'

for (const location of process.argv.slice(2))
  await (await openMemory(location, { background: false })).close()
