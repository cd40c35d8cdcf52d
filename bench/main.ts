/** `npm run bench [-- NAME …]`: prints every comparison, or those of the named files, as Markdown tables. */
import os from 'node:os'
import { type Comparison, print, type Size } from './harness.ts'

const benches: Record<string, () => Promise<{ run: (size: Size) => Promise<Comparison[]> }>> = {
  kv: () => import('./kv.ts'),
  migrate: () => import('./migrate.ts'),
  find: () => import('./find.ts'),
  postgres: () => import('./postgres.ts'),
  start: () => import('./start.ts'),
  tasks: () => import('./tasks.ts'),
  upkeep: () => import('./upkeep.ts'),
  wake: () => import('./wake.ts'),
}

const wanted = process.argv.slice(2)
const cpu = os.cpus()
console.log(`Node ${process.version}, SQLite ${process.versions.sqlite}, ${cpu.length} × ${cpu[0]?.model}`)
for (const [name, load] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const comparison of await (await load()).run('real')) print(comparison)
}
