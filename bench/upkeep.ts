import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, type Figure, parameter, type Size } from './harness.ts'

/**
 * Upkeep of a large store while stores go on: how long the event loop was held at most, beside an idle control,
 * and that every store was acknowledged. Times here are the gaps, in microseconds.
 */
export async function run(size: Size): Promise<Comparison[]> {
  const megabytes = parameter(size, 1, 200)
  const folder = benchFolder()
  const memory = await openMemory(`${folder}/memory.db`, { background: false })
  await fill(memory, megabytes)
  const jobs: [name: string, job: () => Promise<unknown>][] = [
    ['control: stores only, for a second', () => sleep(parameter(size, 20, 1000))],
    ['backup', () => memory.backup(`${folder}/backup.db`)],
    ['integrity check (doctor)', () => memory.maintenance.doctor()],
    ['optimize', () => memory.optimize()],
    ['reindex', () => memory.reindex()],
    ['vacuum, a third being free', () => memory.vacuum()],
    ['restore', () => memory.restore(`${folder}/backup.db`)],
  ]
  await deleteThird(memory)
  const figures: Figure[] = []
  for (const [name, job] of jobs) figures.push(await watched(name, memory, job))
  const control = figures[0]?.p99Us ?? 1
  const bytes = fs.statSync(`${folder}/memory.db`).size
  await memory.close()
  return [
    {
      title: `upkeep of a ${megabytes} MB store under stores: gaps of the event loop (p99 column: the largest)`,
      figures: figures.map(figure => ({ ...figure, ratio: figure.p99Us / control })),
      hash: bytes > 0 ? 'all acknowledged' : '',
    },
  ]
}

async function fill(memory: Memory, megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes; i++) {
    const records = Array.from({ length: 250 }, (_, j) => ({
      key: `fill-${i}-${j}`,
      value: `${i} `.repeat(1500).slice(0, 3600),
    }))
    await memory.kv.storeMany(records)
  }
}

/** In slices: one statement would hold the event loop for as long as it runs. */
async function deleteThird(memory: Memory): Promise<void> {
  const slice = `delete from memory_store where id in
    (select id from memory_store where key glob 'fill-*' and id % 3 = 0 limit 200)`
  while ((await memory.execute(slice)).changes > 0);
}

/** Runs a job while one store after another goes on, and measures the gaps between turns of the event loop. */
async function watched(name: string, memory: Memory, job: () => Promise<unknown>): Promise<Figure> {
  const gaps: number[] = []
  let running = true
  let stored = 0
  const turns = (async () => {
    for (let last = performance.now(); running; ) {
      await sleep(1)
      const now = performance.now()
      gaps.push(now - last - 1)
      last = now
    }
  })()
  const stores = (async () => {
    while (running) {
      await memory.store(`during-${stored % 100}`, stored)
      stored++
    }
  })()
  await job()
  running = false
  await Promise.all([turns, stores])
  if ((await memory.retrieve(`during-${(stored - 1) % 100}`)) !== stored - 1)
    throw new Error('a store was lost')
  gaps.sort((a, b) => a - b)
  const at = (q: number) =>
    1000 * Math.max(0, gaps[Math.min(gaps.length - 1, Math.floor(q * gaps.length))] ?? 0)
  return {
    name: `${name} (${stored} stores acknowledged)`,
    medianUs: at(0.5),
    p99Us: at(1),
    ratio: 1,
    operations: gaps.length,
  }
}
