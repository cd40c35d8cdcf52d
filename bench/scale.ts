import fs from 'node:fs'
import path from 'node:path'
import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { startServer } from '../test/support/postgres-server.ts'
import { benchFolder, type Comparison, parameter, type Size } from './harness.ts'
import { type OnProgress, progressLine } from './progress.ts'
import { readingCalls, unmeasured, writingCalls } from './scale/calls.ts'
import { fill, type Proportions, proportions } from './scale/fill.ts'
import { type LoadPhase, load } from './scale/load.ts'
import { type Measured, measure } from './scale/measure.ts'
import { type Walk, walk } from './scale/walk.ts'

export interface ScaleOptions {
  /** How many records the large store has in all. Default 100,000. */
  records?: number
  engine?: 'sqlite' | 'postgres'
  /** A folder for the stores, which are kept there and used again. SQLite only. */
  keep?: string | undefined
  /** Print the report as JSON. */
  json?: boolean | undefined
}

interface Report {
  records: number
  engine: string
  /** What the large store takes on disk for each record. */
  bytesPerRecord: number
  operations: Measured[]
  walks: Walk[]
  load: LoadPhase[]
}

/** How often each call is made; how long others write before a load, and how long the index may take after it at most. */
const effort = { rounds: 20, quietMs: 3_000, patienceMs: 300_000 }

/** The store beside which the large one is measured. */
const smallRecords = 10_000

/** The same operations in a large and in a small store: what grows with records that it does not answer. */
export async function run(size: Size): Promise<Comparison[]> {
  if (unmeasured().length > 0) throw new Error(`no call of the benchmark measures ${unmeasured()}`)
  const { operations, load } = await reportOn({
    large: parameter(size, 600, 100_000),
    small: parameter(size, 300, smallRecords),
    engine: 'sqlite',
    effort: size === 'small' ? { rounds: 1, quietMs: 10, patienceMs: 0 } : effort,
    onProgress: () => {},
  })
  const figures = operations.map(({ operation, largeMs, gapMs, ratio }) => ({
    name: operation,
    medianUs: 1_000 * largeMs,
    p99Us: 1_000 * gapMs,
    ratio,
    operations: 1,
  }))
  return [{ title: `growth (p99 column: the longest gap), load in ${load.length} phases`, figures, hash: '' }]
}

/** What `npm run bench -- scale` does. */
export async function main(options: ScaleOptions): Promise<void> {
  const { records = 100_000, engine = 'sqlite', keep, json = false } = options
  const onProgress = progressLine()
  const onPart = (part: Partial<Report>) => {
    onProgress('', 1)
    if (!json) printPart(part)
  }
  const sizes = { large: records, small: smallRecords }
  const report = await reportOn({ ...sizes, engine, keep, effort, onProgress, onPart })
  if (json) console.log(JSON.stringify(report, null, 2))
}

interface Order {
  large: number
  small: number
  engine: 'sqlite' | 'postgres'
  keep?: string | undefined
  effort: typeof effort
  onProgress: OnProgress
  /** Hears of each part of the report when it is measured. */
  onPart?: (part: Partial<Report>) => void
}

async function reportOn({ engine, keep, onPart = () => {}, ...order }: Order): Promise<Report> {
  const places = openPlaces(engine, keep)
  const { large, effort, onProgress } = order
  try {
    const grown = await growth(places, order)
    onPart({ records: large, engine, ...grown })
    const phases = await load(places.location('load', true), { ...effort, records: large, onProgress })
    onPart({ records: large, load: phases })
    return { records: large, engine, ...grown, load: phases }
  } finally {
    await places.close()
  }
}

async function growth(
  places: Places,
  { large, small, effort, onProgress }: Pick<Order, 'large' | 'small' | 'effort' | 'onProgress'>,
): Promise<Pick<Report, 'bytesPerRecord' | 'operations' | 'walks'>> {
  const stores = {
    small: await filled(places.location(`${small}`), proportions(small), onProgress),
    large: await filled(places.location(`${large}`), proportions(large), onProgress),
  }
  const { size } = await stores.large.maintenance.stats()
  const calls = [...readingCalls(), ...writingCalls()]
  const operations: Measured[] = []
  for (const [i, call] of calls.entries()) {
    onProgress(call.name, i / calls.length)
    operations.push(await measure(call, stores, effort.rounds))
  }
  const walks = [await walk(stores.large, 100), await walk(stores.large, 1_000)]
  await Promise.all([stores.small.close(), stores.large.close()])
  return { bytesPerRecord: (size * 1024 * 1024) / large, operations, walks }
}

/** The store at a location, filled unless it was before. */
async function filled(location: string, counts: Proportions, onProgress: OnProgress): Promise<Memory> {
  const options = { background: false, durability: 'normal', cacheBytes: 0, busyTimeoutMs: 60_000 } as const
  const memory = await openMemory(location, options)
  const name = 'bench filled'
  if ((await memory.retrieve(name)) !== undefined) return memory
  await fill(memory, counts, onProgress)
  await memory.maintenance.optimize({ onProgress: ({ step, fraction }) => onProgress(step, fraction) })
  await memory.store(name, counts)
  return memory
}

/** Where the stores are. */
interface Places {
  /** @param isNew whatever is there is removed */
  location(name: string, isNew?: boolean): string
  close(): Promise<void>
}

function openPlaces(engine: Order['engine'], keep: string | undefined): Places {
  if (engine === 'sqlite') {
    const folder = keep === undefined ? benchFolder() : path.resolve(keep)
    fs.mkdirSync(folder, { recursive: true })
    return {
      location: (name, isNew) => {
        const file = path.join(folder, `${name}.db`)
        if (isNew) for (const end of ['', '-wal', '-shm']) fs.rmSync(file + end, { force: true })
        return file
      },
      close: async () => {},
    }
  }
  const server = startServer({ durable: true })
  return { location: name => `${server.url}&schema=scale_${name}`, close: () => server.stop() }
}

const count = (number: number) => Math.round(number).toLocaleString('en-US')

function printPart({ records = 0, engine, bytesPerRecord, operations, walks, load }: Partial<Report>): void {
  if (operations !== undefined) {
    console.log(`\n### ${count(records)} records beside ${count(smallRecords)}, ${engine}\n`)
    printOperations(operations)
    console.log(`\n${count(bytesPerRecord ?? 0)} bytes a record\n`)
  }
  if (walks !== undefined) printWalks(walks)
  if (load !== undefined) printLoad(records, load)
}

function printOperations(operations: readonly Measured[]): void {
  console.log('| operation | small p50 ms | large p50 ms | ratio | longest gap ms |\n|---|--:|--:|--:|--:|')
  for (const { operation, smallMs, largeMs, ratio, gapMs } of operations) {
    const times = `${smallMs.toFixed(2)} | ${largeMs.toFixed(2)} | ${ratio.toFixed(1)} | ${gapMs.toFixed(0)}`
    console.log(`| ${operation} | ${times} |`)
  }
}

function printWalks(walks: readonly Walk[]): void {
  console.log('| pages of | pages | first ms | last ms |\n|---|--:|--:|--:|')
  for (const { pageSize, pages, firstMs, lastMs } of walks)
    console.log(`| ${pageSize} | ${pages} | ${firstMs.toFixed(2)} | ${lastMs.toFixed(2)} |`)
}

function printLoad(records: number, phases: readonly LoadPhase[]): void {
  const columns = `load of ${count(records)} | s | records/s | others/s | their longest ms | find ms | found | missing`
  console.log(`\n| ${columns} |\n|---|--:|--:|--:|--:|--:|--:|--:|`)
  for (const { phase, seconds, recordsPerSecond, othersPerSecond, othersLongestMs, find } of phases) {
    const rates = `${seconds.toFixed(1)} | ${count(recordsPerSecond)} | ${count(othersPerSecond)}`
    const found = `${find.ms.toFixed(0)} | ${find.items} | ${count(find.missing)}`
    console.log(`| ${phase} | ${rates} | ${othersLongestMs.toFixed(0)} | ${found} |`)
  }
}
