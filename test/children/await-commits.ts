import { PostgresStore } from '../../src/db/postgres/postgres-store.ts'

/** Waits for commits that never come, and has nothing else to do: the process must end on its own. */
const store = await PostgresStore.open(process.argv[2] ?? '')
const { commits } = store
const waitOn = () => void commits.wait(waitOn)
waitOn()
while (!commits.hears) await new Promise(setImmediate)
console.log('hears')
