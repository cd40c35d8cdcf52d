import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { systemClock } from '../../src/util/clock.ts'
import { startChild } from '../support/child.ts'
import { scratchFolder } from '../support/memory.ts'

// The defect: a claim sorts the whole backlog. Guarded by the partial indexes of `tasks`, which have the ready tasks
// in order. Time says little on a busy machine, so the work itself is counted: a process that has cached nothing
// yet must read every page that a claim looks at, and the kernel counts what it reads.

const few = 1_000
const copies = 99

/** What a hundred times as many tasks may be besides ready, as the columns that make them so. */
const elsewhere: Record<string, Record<string, string>> = {
  'are ready': {},
  'have been completed': { status: "'completed'", completed_at: 'created_at', token: '1', attempts: '1' },
  'wait for others': { open_dependencies: '1' },
  'are delayed': { rank: 'null', run_at: "'2100-01-01 00:00:00.000'" },
  'are running': {
    status: "'running'",
    token: '1',
    attempts: '1',
    assigned_to: "'somebody'",
    lease_until: `${systemClock.monotonicMs() + 43_200_000}`,
    lease_epoch: `'${systemClock.bootId}'`,
  },
}

async function createTasks(file: string, count: number): Promise<void> {
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  await memory.tasks.createMany(Array.from({ length: count }, (_, n) => ({ description: `task ${n}` })))
  await memory.close()
}

interface Cost {
  claim: number
  complete: number
}

/** The kilobytes that a claim and a completion read, in a process of their own. */
async function costOf(warm: string, file: string): Promise<Cost> {
  const child = startChild('claim-bytes', warm, file)
  const { claim, complete } = JSON.parse(await child.until(() => true))
  await child.exited
  return { claim: Math.ceil(claim / 1024), complete: Math.ceil(complete / 1024) }
}

/** A copy of a store that SQL from outside has changed. */
function changed(file: string, change: (db: DatabaseSync) => void): string {
  const copy = `${file}-${crypto.randomUUID()}.db`
  fs.copyFileSync(file, copy)
  const db = new DatabaseSync(copy)
  change(db)
  db.close()
  return copy
}

/** Adds copies of every task, changed so, which come before it in the order of ids and of claims. */
function multiply(db: DatabaseSync, changes: Record<string, string>): void {
  // A checksum is of one task, and is none of its copy.
  const names = db.prepare("select name from pragma_table_info('tasks') where name not like '%crc'").all()
  const values: Record<string, string> = { id: "'0-' || n || id", rank: 'rank - n * 1000000', ...changes }
  const columns = names.map(({ name }) => String(name))
  db.exec(`with recursive copy (n) as (select 1 union all select n + 1 from copy where n < ${copies})
           insert into tasks (${columns}) select ${columns.map(name => values[name] ?? name)} from tasks, copy`)
}

function dropIndexes(db: DatabaseSync): void {
  const indexes = db
    .prepare("select name from sqlite_schema where type = 'index' and tbl_name = 'tasks' and sql is not null")
    .all()
  for (const { name } of indexes) db.exec(`drop index "${name}"`)
}

describe.skipIf(process.platform !== 'linux')('the work of a claim', () => {
  it('does not grow with the backlog, nor with anything else that there is', async () => {
    const folder = scratchFolder()
    const warm = path.join(folder, 'warm.db')
    const small = path.join(folder, 'small.db')
    await createTasks(warm, 100)
    await createTasks(small, few)
    const base = await costOf(warm, small)
    const costs: Record<string, Cost> = { [`${few} are ready`]: base }
    for (const [name, changes] of Object.entries(elsewhere)) {
      const large = changed(small, db => multiply(db, changes))
      costs[`${few * copies} more ${name}`] = await costOf(warm, large)
      fs.rmSync(large)
    }
    const unindexed = await costOf(
      warm,
      changed(small, db => {
        multiply(db, {})
        dropIndexes(db)
      }),
    )
    console.table({ ...costs, 'without the indexes': unindexed })

    // A hundred times as many tasks make each tree one or two pages deeper, and no more.
    for (const [name, cost] of Object.entries(costs)) {
      expect(cost.claim, name).toBeLessThan(2 * base.claim)
      expect(cost.complete, name).toBeLessThan(2 * base.complete + 16)
    }
    expect(unindexed.claim, 'the measure sees a claim that reads the backlog').toBeGreaterThan(
      20 * base.claim,
    )
  }, 300_000)
})
