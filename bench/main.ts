import os from 'node:os'
import { parseArgs } from 'node:util'
import { type Comparison, print, type Size } from './harness.ts'

const usage = `npm run bench [-- NAME …]          comparisons as Markdown tables: all of them, or those of these files of bench/
npm run bench -- scale [options]   each operation in a large store beside a store of 10,000 records: p50 of both, their
                                   ratio and the longest gap of the event loop; walks by pages; a bulk load
npm run bench -- recall [options]  how well \`find\` finds, beside plain FTS5: questions whose answers are known

Options of scale:
  --records N        how many records the large store has, such as 300k or 10M; default 100k (a minute; 1M takes some)
  --engine ENGINE    sqlite (default) or postgres, on a server that is started for it
  --keep FOLDER      keep the stores there, and use those that are there; sqlite only
  --json             print one JSON document

Options of recall:
  --data FOLDER      the data, each set in a folder of its own; those that are not there are left out. Without it a few
                     notes show that it runs
                       locomo/     locomo10.json (of github.com/snap-research/locomo)
                       cranfield/  cran.all.1400, cran.qry and QRelsCorrectedforTRECeval
                       code/       a TypeScript project: the first sentence of a comment asks for what is below it
                       any other   Markdown files: a heading asks for its section
  --beside           with 15,000 heartbeats, 3,000 tasks and 20,000 records of another namespace in each store
  --json             print one JSON document`

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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h' },
    records: { type: 'string' },
    engine: { type: 'string' },
    keep: { type: 'string' },
    data: { type: 'string' },
    beside: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})

if (values.help) console.log(usage)
else if (positionals[0] === 'scale') await scale()
else if (positionals[0] === 'recall') await (await import('./recall.ts')).main(values)
else await compareAll()

async function scale(): Promise<void> {
  const { engine = 'sqlite', records = '100k', keep, json } = values
  if (engine !== 'sqlite' && engine !== 'postgres')
    throw new Error(`--engine is sqlite or postgres, not ${engine}`)
  if (engine === 'postgres' && keep !== undefined) throw new Error('--keep is for sqlite')
  const { main } = await import('./scale.ts')
  await main({ records: countOf(records), engine, keep, json })
}

/** `300k` is 300,000 and `10M` ten million. */
function countOf(text: string): number {
  const [, digits = '', unit = ''] = /^([\d.]+)([kM]?)$/.exec(text) ?? []
  const count = Number(digits) * { '': 1, k: 1_000, M: 1_000_000 }[unit as '' | 'k' | 'M']
  if (digits === '' || !Number.isSafeInteger(count))
    throw new Error(`--records is a number such as 300k, not ${text}`)
  return count
}

async function compareAll(): Promise<void> {
  const unknown = positionals.find(name => !(name in benches))
  if (unknown !== undefined)
    throw new Error(`there is no benchmark ${unknown}; there are ${Object.keys(benches)}, scale, recall`)
  const cpu = os.cpus()
  console.log(`Node ${process.version}, SQLite ${process.versions.sqlite}, ${cpu.length} × ${cpu[0]?.model}`)
  for (const [name, load] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    for (const comparison of await (await load()).run('real')) print(comparison)
  }
}
