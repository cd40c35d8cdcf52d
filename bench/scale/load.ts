import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import readline from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { words } from '../words.ts'
import { timed } from './measure.ts'

/** What happened in one part of a bulk load, and what another process could write meanwhile. */
export interface LoadPhase {
  phase: string
  seconds: number
  /** Records that the load stored, by second. */
  recordsPerSecond: number
  /** What another process stored, one record after the other, by second, and the longest of these waits. */
  othersPerSecond: number
  othersLongestMs: number
  /** The search at the end of the phase. */
  find: { ms: number; missing: number; items: number }
}

export interface LoadOptions {
  records: number
  /** How long others write while nobody loads. */
  quietMs: number
  /** How long to wait until all is indexed at most. */
  patienceMs: number
  onProgress: (step: string, fraction: number) => void
}

/** Records that one call stores. */
const batch = 1_000

/**
 * Loads records into an empty store by `storeMany` while another process stores one after the other, searches in the
 * middle and at the end, and waits until everything is indexed, for which nobody asks.
 */
export async function load(
  location: string,
  { records, quietMs, patienceMs, onProgress }: LoadOptions,
): Promise<LoadPhase[]> {
  const memory = await openMemory(location, { busyTimeoutMs: 60_000 })
  const others = startOthers(location)
  const phases: LoadPhase[] = []
  const phase = async (name: string, stored: number, work: () => Promise<unknown>) => {
    others.restart()
    const { ms } = await timed(work)
    const found = await search(memory)
    const { perSecond, longestMs } = others.written()
    phases.push({
      phase: name,
      seconds: ms / 1_000,
      recordsPerSecond: (1_000 * stored) / ms,
      othersPerSecond: perSecond,
      othersLongestMs: longestMs,
      find: found,
    })
  }
  const half = Math.max(batch, Math.round(records / 2 / batch) * batch)
  await phase('before', 0, () => sleep(quietMs))
  await phase('first half', half, () => storeAll(memory, 0, half, onProgress))
  await phase('second half', half, () => storeAll(memory, half, 2 * half, onProgress))
  await phase('until all is indexed', 0, () => untilIndexed(memory, { patienceMs, onProgress }))
  await others.stop()
  await memory.close()
  return phases
}

async function search(memory: Memory): Promise<LoadPhase['find']> {
  const startedAt = performance.now()
  const { items, missing } = await memory.findings('middlingword w5')
  return { ms: performance.now() - startedAt, missing, items: items.length }
}

async function storeAll(
  memory: Memory,
  from: number,
  to: number,
  onProgress: (step: string, fraction: number) => void,
): Promise<void> {
  for (let at = from; at < to; at += batch) {
    await memory.kv.storeMany(
      Array.from({ length: batch }, (_, i) => ({ key: `key-${at + i}`, value: { text: words(at + i) } })),
    )
    onProgress(`load ${to}`, (at - from) / (to - from))
  }
}

async function untilIndexed(
  memory: Memory,
  { patienceMs, onProgress }: Pick<LoadOptions, 'patienceMs' | 'onProgress'>,
): Promise<void> {
  const pending = async () => {
    const [row] = await memory.query(
      'select coalesce(max(id) - min(id) + 1, 0) as count from hivewax_find_changes',
    )
    return Number(row?.count)
  }
  const first = await pending()
  const end = performance.now() + patienceMs
  // The others go on marking.
  for (let left = first; left > 500 && performance.now() < end; left = await pending()) {
    onProgress('index', 1 - left / first)
    await sleep(100)
  }
}

function startOthers(location: string) {
  const file = path.join(import.meta.dirname, '../children/store.ts')
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [file, location], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let [count, longestMs, since] = [0, 0, performance.now()]
  readline.createInterface({ input: child.stdout }).on('line', line => {
    const [stored = 0, ms = 0] = line.split(' ').map(Number)
    count += stored
    longestMs = Math.max(longestMs, ms)
  })
  return {
    restart: () => {
      ;[count, longestMs, since] = [0, 0, performance.now()]
    },
    written: () => ({ perSecond: (1_000 * count) / (performance.now() - since), longestMs }),
    stop: async () => {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
    },
  }
}
