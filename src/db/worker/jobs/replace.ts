import { encodeAuthor, upkeep } from '../../author.ts'
import { type ChainedEvent, eventHash, firstHash } from '../../chain.ts'
import { checksumOf } from '../../checksums.ts'
import type { Replaced } from '../../engine.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { assertSchema } from '../../sqlite/schema.ts'
import { talliedCounters } from '../../tallies.ts'
import { connected, type JobContext, quoted } from './job.ts'
import { highestIssued, liftAbove } from './numbers.ts'
import { drop, objects, rowTables, type SchemaObject } from './objects.ts'

interface ReplaceInput {
  /** A private file that `prepare` made; it is changed on the way. */
  source: string
  /** The store's time, as text. */
  now: string
  /** The data of the event, as JSON text. */
  data: string
}

/** About this file and its keeping, not about what is kept: stays as it is. */
const kept = 'hivewax_upkeep'

/**
 * Makes the store what `source` holds, in one transaction on the live file: other processes see all of it or
 * nothing of it, and wait meanwhile as for any other writer.
 */
export async function replace(input: ReplaceInput, context: JobContext): Promise<Replaced> {
  const options = { readOnly: false, waitMs: context.waitMs, trusted: true }
  return connected(context.file, options, connection => {
    for (const _ of connection.iterate('attach ? as source', [input.source]));
    connection.exec('pragma source.journal_mode=off; pragma source.synchronous=off; pragma foreign_keys=off')
    connection.exec('begin immediate')
    assertSchema(connection)
    const replaced = replaceAll(connection, input, context)
    context.assertInPlace()
    connection.exec('commit')
    // Before the next commit of any process, which would else have to merge it all, on a main thread perhaps.
    connection.exec('pragma main.wal_checkpoint(passive)')
    return replaced
  })
}

function replaceAll(connection: Connection, { now, data }: ReplaceInput, context: JobContext): Replaced {
  const wanted = objects(connection, 'source')
  for (const trigger of wanted.filter(isTrigger)) drop(connection, 'source', trigger)
  const counters = raise(connection)
  rebuild(connection, wanted)
  const tables = fill(connection, context)
  for (const { sql } of missing(connection, wanted)) connection.exec(sql)
  connection.exec(counters)
  return { tables, eventId: logRestore(connection, now, data) }
}

/**
 * Settles the numbers in `source`, and returns the statements that set the counters once the rows are copied.
 */
function raise(connection: Connection): string {
  const ceiling = Math.max(highestIssued(connection, 'main'), highestIssued(connection, 'source'))
  const floor = liftAbove(connection, 'source', ceiling)
  const revision =
    Math.max(...['main', 'source'].map(schema => counter(connection, schema, 'shared_revision'))) + 1
  endLeases(connection, 'source')
  connection.exec(`
    create temp table sequences as
    select name, max(seq) as seq
    from (select name, seq from main.sqlite_sequence union all select name, seq from source.sqlite_sequence)
    group by name`)
  return `
    update main.hivewax_counters set value = ${floor} where name = 'floor';
    update main.hivewax_counters set value = ${revision} where name in ('shared_revision', 'shared_floor');
    delete from main.sqlite_sequence;
    insert into main.sqlite_sequence (name, seq) select name, seq from sequences;
    delete from main.hivewax_tallies;
    delete from main.hivewax_event_spans;
    update main.hivewax_counters set value = 0 where name in (${talliedCounters.map(name => `'${name}'`)})`
}

function counter(connection: Connection, schema: string, name: string): number {
  return Number(connection.value(`select value from ${schema}.hivewax_counters where name = '${name}'`))
}

/** Leases that were held when the backup was made end. */
export function endLeases(connection: Connection, schema: string): void {
  connection.exec(`
    update ${schema}.tasks set lease_until = 0, lease_epoch = null where status = 'running';
    update ${schema}.hivewax_locks set owner = null, lease_until = null, lease_epoch = null;
    update ${schema}.hivewax_workflow_runs set owner = null, lease_until = null, lease_epoch = null;
    update ${schema}.hivewax_event_offsets set owner = null, lease_until = null, lease_epoch = null;
    update ${schema}.hivewax_reservations set lease_until = 0, lease_epoch = '';
    update ${schema}.hivewax_leases set lease_until = 0, lease_epoch = ''`)
}

/** Drops from `main` what the backup lacks or has otherwise, then makes the tables that are missing. */
function rebuild(connection: Connection, wanted: readonly SchemaObject[]): void {
  const isWanted = (mine: SchemaObject) =>
    wanted.some(({ name, sql }) => name === mine.name && sql === mine.sql)
  for (const mine of objects(connection, 'main')) {
    if (mine.type === 'trigger' || !isWanted(mine)) drop(connection, 'main', mine)
  }
  for (const { sql } of missing(connection, wanted).filter(({ type }) => type === 'table'))
    connection.exec(sql)
}

function missing(connection: Connection, wanted: readonly SchemaObject[]): SchemaObject[] {
  const present = new Set(objects(connection, 'main').map(({ name }) => name))
  return wanted.filter(({ name }) => !present.has(name))
}

/** Copies every row. With equal tables, no triggers and foreign keys off, SQLite copies whole cells. */
function fill(connection: Connection, context: JobContext): Record<string, number> {
  const names = rowTables(connection, 'source').filter(name => name !== kept)
  const counts = names.map((name, i) => {
    context.report(name, i / names.length)
    connection.exec(`delete from main.${quoted(name)}`)
    connection.exec(`insert into main.${quoted(name)} select * from source.${quoted(name)}`)
    return [name, Number(connection.value('select changes()'))] as const
  })
  return Object.fromEntries(counts)
}

function logRestore(connection: Connection, now: string, data: string): number {
  const text = `insert into main.events (type, source, data, timestamp, author)
                values ('memory.restored', 'system', ?, ?, ?) returning id`
  const author = encodeAuthor(upkeep)
  const [row] = [...connection.iterate(text, [data, now, author])]
  const id = Number(row?.id)
  const event = { id, type: 'memory.restored', source: 'system', data, author }
  const crc = checksumOf('events', 'crc', event)
  connection.exec(`update main.events set crc = ${crc} where id = ${id}`)
  const sealed = connection.value(`select value from main.hivewax_counters where name = 'events_sealed'`)
  if (sealed !== undefined) chain(connection, { ...event, timestamp: now })
  return id
}

function chain(connection: Connection, event: ChainedEvent): void {
  const last = connection.value('select hash from main.hivewax_event_hashes order by event_id desc limit 1')
  const text = 'insert into main.hivewax_event_hashes (event_id, hash) values (?, ?) returning event_id'
  const hash = eventHash(last === undefined ? firstHash : String(last), event)
  for (const _ of connection.iterate(text, [event.id, hash]));
}

function isTrigger({ type }: SchemaObject): boolean {
  return type === 'trigger'
}
