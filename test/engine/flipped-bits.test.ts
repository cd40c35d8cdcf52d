import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Checksummed, type ChecksummedTable, checksummed } from '../../src/db/checksummed.ts'
import type { Columns } from '../../src/db/columns.ts'
import { Corrupt, NotFound } from '../../src/errors.ts'
import { openMemory } from '../../src/open.ts'
import { everyRead } from '../support/every-read.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { anyBit, type Bit, cellsOf, flipped, indexesOf } from '../support/flip-bits.ts'
import { newFolder, remove } from '../support/folders.ts'
import { scratchFile } from '../support/memory.ts'
import { seeded } from '../support/rounds.ts'

const tables = Object.keys(checksummed) as ChecksummedTable[]

/** How the reads of a store fared of which one bit was turned: each record that they are to give counts once. */
interface Tally {
  right: number
  corrupt: number
  absent: number
  wrong: string[]
}

/** What every read gives of a sound store, by the names of the records. */
type Known = ReadonlyMap<string, ReadonlyMap<string, unknown>>

let file: string
let backup: string
let known: Known

beforeAll(async () => {
  const folder = newFolder(fs.realpathSync(process.env.TMPDIR ?? '/tmp'), 'flipped-')
  file = `${folder}/memory.db`
  backup = `${folder}/backup.db`
  const memory = await openMemory(file, { background: false })
  await storeEveryKind(memory)
  await memory.backup(backup)
  await memory.close()
  fs.copyFileSync(file, `${folder}/sound.db`)
  known = await readSound(`${folder}/sound.db`)
  return () => remove(folder)
})

async function readSound(copy: string): Promise<Known> {
  await using memory = await openMemory(copy, { background: false })
  const all = new Map<string, ReadonlyMap<string, unknown>>()
  for (const { name, run } of everyRead(memory)) all.set(name, new Map(await run()))
  return all
}

/** Reads everything of a copy of a store with one bit turned. */
async function readFlipped(source: string, bit: Bit): Promise<Tally> {
  const copy = scratchFile()
  fs.writeFileSync(copy, flipped(fs.readFileSync(source), bit))
  const tally: Tally = { right: 0, corrupt: 0, absent: 0, wrong: [] }
  await using memory = await openMemory(copy, { background: false })
  for (const { name, run } of everyRead(memory)) {
    try {
      count(tally, name, new Map(await run()))
    } catch (error) {
      if (error instanceof Corrupt) tally.corrupt++
      else if (error instanceof NotFound) tally.absent++
      else throw new Error(`${name} failed with bit ${bit.at}:${bit.mask}`, { cause: error })
    }
  }
  return tally
}

function count(tally: Tally, read: string, found: ReadonlyMap<string, unknown>): void {
  const expected = known.get(read) ?? new Map<string, unknown>()
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const given = found.get(name) ?? undefined
    if (isDeepStrictEqual(given, expected.get(name) ?? undefined)) tally.right++
    else if (given === undefined) tally.absent++
    else tally.wrong.push(`${read} of ${name}: ${JSON.stringify(given)}`)
  }
}

function add(sum: Tally, { right, corrupt, absent, wrong }: Tally): void {
  sum.right += right
  sum.corrupt += corrupt
  sum.absent += absent
  sum.wrong.push(...wrong)
}

describe('a store of which one bit was turned while it was closed', () => {
  it.each(tables.flatMap(given))('has no wrong %s.%s', async (table, column) => {
    const tally = await readFlipped(file, bitIn(table, column))
    expect(tally.wrong).toEqual([])
    expect(tally.corrupt).toBeGreaterThan(0)
  })

  // Mostly an index leads to a record, and says its key.
  it.each(tables.flatMap(keys))(
    'has no record in the place of another by its %s.%s',
    async (table, column) => {
      expect((await readFlipped(file, bitIn(table, column))).wrong).toEqual([])
    },
  )

  it.each([
    ['file', 80],
    ['backup', 40],
  ] as const)('gives what was stored, or says that it is corrupt: its %s, %i times', async (which, times) => {
    const source = which === 'file' ? file : backup
    const random = seeded(times)
    const sum: Tally = { right: 0, corrupt: 0, absent: 0, wrong: [] }
    const places = [...tables, ...tables.flatMap(table => indexesOf(source, table))]
    const cells = places.map(name => cellsOf(source, name)).filter(({ length }) => length > 0)
    for (let i = 0; i < times; i++)
      add(sum, await readFlipped(source, anyBit(cells[i % cells.length] ?? [], random)))
    expect(sum.wrong).toEqual([])
    // The other reads do not touch the record.
    expect(sum.corrupt).toBeGreaterThan(times / 4)
  })

  it('has checksums over every text that a writer gives', () => {
    const db = new DatabaseSync(file, { readOnly: true })
    const columns = db
      .prepare(
        `select t.name as "table", c.name as "column" from pragma_table_list t, pragma_table_info(t.name) c
         where t.schema = 'main' and t.type = 'table' and c.type = 'TEXT'`,
      )
      .all()
    db.close()
    const bare = columns.map(({ table, column }) => `${table}.${column}`).filter(name => !covered.has(name))
    expect(bare.filter(name => !own.test(name))).toEqual([])
  })
})

function definitionOf(table: ChecksummedTable): Checksummed {
  return checksummed[table]
}

const covered = new Set(
  tables.flatMap(table => {
    const { key, checksums } = definitionOf(table)
    return [key, ...Object.values(checksums)]
      .flatMap(columns => Object.keys(columns))
      .map(name => `${table}.${name}`)
  }),
)

/** What the store sets itself, and what a lease or a vote, of which there is no value to read, is called. */
const own =
  /_at$|^\w+\.(timestamp|last_\w+|window_start|deadline|seen_on|minute|lease_\w+|alive_epoch|status|rank|lane|owner)$|^(sqlite_|hivewax_(migrations|counters|find\w*|upkeep|access|locks|reservations|leases|votes|event_offsets|event_hashes|task_dependencies|task_queues|shared_tombstones|metric_series|workflow_timers|tallies|agent_connections|event_spans|history_limits)\.)|^tasks\.(assigned_to|caused_by|fingerprint)$|^shared_state\.lease_id$|_history\.(transaction_id|deleted_by|gone_by)$|_runs\.(workflow_type|code_version|waits_for|forked_from)$|_schedules\.last_task_id$/

function given(table: ChecksummedTable): [ChecksummedTable, string][] {
  return Object.values(definitionOf(table).checksums).flatMap(columns => texts(table, columns))
}

function keys(table: ChecksummedTable): [ChecksummedTable, string][] {
  return texts(table, definitionOf(table).key)
}

function texts(table: ChecksummedTable, columns: Columns): [ChecksummedTable, string][] {
  const names = Object.keys(columns).filter(name => columns[name]?.startsWith('text'))
  return names.map(name => [table, name])
}

/** A bit of the last character of the longest text in this column. */
function bitIn(table: ChecksummedTable, column: string): Bit {
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db
    .prepare(`select ${column} as text from ${table} order by length(${column}) desc limit 1`)
    .get()
  db.close()
  const text = Buffer.from(String(row?.text))
  const bytes = fs.readFileSync(file)
  for (const [from, to] of cellsOf(file, table)) {
    const at = bytes.subarray(from, to).indexOf(text)
    if (at >= 0) return { at: from + at + text.length - 1, mask: 1 }
  }
  throw new Error(`no cell of ${table} holds ${text}`)
}
