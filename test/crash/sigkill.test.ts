import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import '../support/on-disk.ts'
import { startChild } from '../support/child.ts'
import { scratchFile } from '../support/memory.ts'
import { rounds } from '../support/rounds.ts'

const writers = ['a', 'b', 'c', 'd']

interface Verdict {
  acknowledged: number
  /** Acknowledged by a writer, absent from the store. */
  lost: number
  /** A number absent though a later one of the same writer is there. */
  gaps: number
  integrity: unknown
}

/** Writers on one file, killed at a random moment, round after round; then what they were told against what is. */
async function killRounds(count: number, mode: string): Promise<Verdict> {
  const file = scratchFile()
  await (await openMemory(file, { background: false })).close()
  const acknowledged = new Map(writers.map(writer => [writer, new Set<number>()]))
  for (let round = 0; round < count; round++) {
    const children = writers.map(writer => startChild('append', file, writer, mode))
    await Promise.all(children.map(child => child.until(() => true)))
    await sleep(Math.random() * 60)
    for (const child of children) child.process.kill('SIGKILL')
    await Promise.all(children.map(child => child.exited))
    children.forEach((child, i) => {
      for (const line of child.lines) acknowledged.get(writers[i]!)?.add(Number(line))
    })
  }
  return judge(file, acknowledged)
}

async function judge(file: string, acknowledged: Map<string, Set<number>>): Promise<Verdict> {
  const memory = await openMemory(file, { background: false })
  const verdict = {
    acknowledged: 0,
    lost: 0,
    gaps: 0,
    integrity: await memory.query('pragma integrity_check'),
  }
  for (const [writer, numbers] of acknowledged) {
    const rows = await memory.query(`select value from memory_store where key glob '${writer}/[0-9]*'`)
    const stored = new Set(rows.map(row => Number(row.value)))
    verdict.acknowledged += numbers.size
    for (const n of numbers) if (!stored.has(n)) verdict.lost++
    verdict.gaps += Math.max(-1, ...stored) + 1 - stored.size
  }
  await memory.close()
  return verdict
}

it('keeps every acknowledged write of 4 writers through rounds of SIGKILL', async () => {
  const count = rounds(40)
  const verdict = await killRounds(count, 'truth')
  console.info(`${verdict.acknowledged} writes acknowledged in ${count} rounds, ${verdict.lost} lost`)
  expect(verdict).toMatchObject({ lost: 0, gaps: 0, integrity: [{ integrity_check: 'ok' }] })
  expect(verdict.acknowledged).toBeGreaterThan(count * writers.length)
}, 600_000)

it('would notice an acknowledgement that comes before the commit', async () => {
  let lost = 0
  for (let round = 0; round < 10 && lost === 0; round++) lost = (await killRounds(1, 'lie')).lost
  expect(lost).toBeGreaterThan(0)
}, 300_000)
