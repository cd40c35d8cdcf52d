import type { PoolClient } from 'pg'
import { copiedTables } from '../copy/copied-tables.ts'
import type { Extent, StoreFacts } from '../engine.ts'

/** The tables of hivewax in the store's schema, which others may share. */
const ours = `c.relnamespace = cast(current_schema() as regnamespace) and c.relkind = 'r'
  and (c.relname like 'hivewax\\_%' or c.relname = any ($1))`

const documented = [copiedTables.map(({ name }) => name)]

/** The names of our tables, in order. */
export async function ourTables(client: PoolClient): Promise<string[]> {
  return names(client, `select c.relname as name from pg_class c where ${ours} order by 1`)
}

/** Indexes that keep what was added lately in a list of its own, to be merged. */
export async function ginIndexes(client: PoolClient): Promise<string[]> {
  return names(
    client,
    `select cast(x.indexrelid as regclass) as name from pg_class c join pg_index x on x.indrelid = c.oid
     join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam where ${ours} and a.amname = 'gin'`,
  )
}

/** What is left of indexes whose building was broken off. */
export async function unfinishedIndexes(client: PoolClient): Promise<string[]> {
  return names(
    client,
    `select i.relname as name from pg_class c join pg_index x on x.indrelid = c.oid
     join pg_class i on i.oid = x.indexrelid
     where ${ours} and not x.indisvalid and i.relname ~ '_cc(new|old)[0-9]*$'`,
  )
}

async function names(client: PoolClient, text: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(text, documented)
  return rows.map(({ name }) => name)
}

export async function facts(client: PoolClient, location: string): Promise<StoreFacts> {
  const { rows } = await client.query<{ bytes: number; version: string; schema: number }>(
    `select coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes,
            current_setting('server_version') as version,
            (select max(id) from hivewax_migrations) as schema
     from pg_class c where ${ours}`,
    documented,
  )
  const { bytes = 0, version = 'unknown', schema = 0 } = rows[0] ?? {}
  return { location, engine: { name: 'PostgreSQL', version }, sizeBytes: bytes, schema }
}

/** What our tables and their indexes take, largest first. What dead records take is estimated by their number. */
export async function extents(client: PoolClient): Promise<Extent[]> {
  const { rows } = await client.query<Extent>(
    `with tables as (
       select c.oid, c.relname, pg_total_relation_size(c.oid) - pg_indexes_size(c.oid) as bytes,
              coalesce(cast(s.n_dead_tup as double precision) / nullif(s.n_live_tup + s.n_dead_tup, 0), 0) as dead
       from pg_class c left join pg_stat_user_tables s on s.relid = c.oid where ${ours})
     select relname as name, relname as "table", 'table' as kind, bytes,
            cast(dead * bytes as bigint) as "unusedBytes" from tables
     union all
     select i.relname, t.relname, 'index', pg_relation_size(i.oid), 0
     from tables t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
     order by bytes desc, name`,
    documented,
  )
  return rows
}
