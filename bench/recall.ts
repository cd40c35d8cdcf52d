import fs from 'node:fs'
import path from 'node:path'
import { benchFolder, type Comparison, type Size, summary } from './harness.ts'
import { type OnProgress, progressLine } from './progress.ts'
import { code } from './recall/code.ts'
import type { Collection, Question } from './recall/collection.ts'
import { type Contender, fts5, hivewax } from './recall/contenders.ts'
import { cranfield } from './recall/cranfield.ts'
import { type Answer, type Figures, figuresOf } from './recall/figures.ts'
import { locomo } from './recall/locomo.ts'
import { sample } from './recall/sample.ts'
import { sections } from './recall/sections.ts'

interface RecallOptions {
  /** The folder of the data. Default: a few notes. */
  data?: string | undefined
  /** With what a swarm leaves behind beside the records. */
  beside?: boolean | undefined
  /** Print the report as JSON. */
  json?: boolean | undefined
}

/** What one contender made of a half of a set. */
interface Row extends Figures {
  readonly set: string
  readonly half: Half
  readonly contender: string
}

/** What is tuned is tuned on one half of each set, and told of the other: the halves are conversations, where there are some. */
type Half = 'tuning' | 'held out'

interface Answered {
  readonly set: string
  readonly half: Half
  readonly contender: string
  readonly question: Question
  readonly answer: Answer
}

const loaders: Readonly<Record<string, (folder: string) => Collection[]>> = { locomo, cranfield, code }

/** What `npm run bench -- recall` does. */
export async function main({ data, beside = false, json = false }: RecallOptions): Promise<void> {
  const onProgress = progressLine()
  const rows = await reportOn(data === undefined ? [sample] : load(data), { beside, onProgress })
  onProgress('', 1)
  if (json) console.log(JSON.stringify(rows, null, 2))
  else print(rows)
}

/** The same for the tests of the benchmarks. */
export async function run(_size: Size): Promise<Comparison[]> {
  const rows = await reportOn([sample], { beside: false, onProgress: () => {} })
  if (rows.some(({ recall }) => recall < 1)) throw new Error('a note of the sample was not found')
  const times = rows.map(({ contender, half, p50Ms }) => ({
    name: `${contender}, ${half}`,
    timesMs: [p50Ms],
  }))
  return [summary('find the notes of a sample', times)]
}

function load(folder: string): Collection[] {
  const names = fs.readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory())
  return names.flatMap(({ name }) => {
    const set = path.join(folder, name)
    return loaders[name]?.(set) ?? sections(set, name)
  })
}

async function reportOn(
  collections: readonly Collection[],
  { beside, onProgress }: { beside: boolean; onProgress: OnProgress },
): Promise<Row[]> {
  const answered: Answered[] = []
  const folder = benchFolder()
  for (const [i, collection] of collections.entries()) {
    onProgress(`${collection.set} ${collection.name}`, i / collections.length)
    const names = collections.filter(({ set }) => set === collection.set).map(({ name }) => name)
    const contenders = {
      'raw FTS5': fts5(collection),
      hivewax: await hivewax(collection, path.join(folder, `${i}.db`), { beside }),
    }
    for (const [name, contender] of Object.entries(contenders)) {
      for (const [k, question] of collection.questions.entries()) {
        const half = (names.length > 1 ? names.indexOf(collection.name) : k) % 2 === 0 ? 'tuning' : 'held out'
        const answer = await ask(contender, question)
        answered.push({ set: collection.set, half, contender: name, question, answer })
      }
      await contender.close()
    }
  }
  const groups = Map.groupBy(answered, ({ set, half, contender }) => `${set}\n${half}\n${contender}`)
  return [...groups.values()].flatMap(group =>
    group.slice(0, 1).map(({ set, half, contender }) => ({ set, half, contender, ...figuresOf(group) })),
  )
}

async function ask(contender: Contender, { text }: Question): Promise<Answer> {
  const start = performance.now()
  const keys = await contender.find(text)
  return { keys, ms: performance.now() - start }
}

function print(rows: readonly Row[]): void {
  console.log('| set | half | | questions | recall@10 (95 %) | hit@1 | MRR | nDCG@10 | p50 ms | p95 ms |')
  console.log('|---|---|---|--:|--:|--:|--:|--:|--:|--:|')
  for (const row of rows.toSorted((a, b) => (a.set < b.set ? -1 : a.set > b.set ? 1 : 0))) {
    const share = (number: number) => number.toFixed(3).replace(/^0/, '')
    const [low, high] = row.recallBetween
    const recall = `${share(row.recall)} (${share(low)}–${share(high)})`
    const shares = [row.firstHit, row.reciprocalRank, row.gain].map(share).join(' | ')
    const times = `${row.p50Ms.toFixed(2)} | ${row.p95Ms.toFixed(2)}`
    console.log(
      `| ${row.set} | ${row.half} | ${row.contender} | ${row.questions} | ${recall} | ${shares} | ${times} |`,
    )
  }
}
