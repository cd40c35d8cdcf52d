import { ask } from './ask.ts'

/** Everything that the schema of a store consists of, as text that two equal schemas share. */
export async function catalog(location: string): Promise<string[]> {
  const rows = await ask(location, location.startsWith('postgres') ? postgresCatalog : sqliteCatalog)
  return rows.map(({ text }) => String(text))
}

const sqliteCatalog = `
  select type || ' ' || name || ': ' || coalesce(sql, 'implied') as text from sqlite_schema
  where name not like 'sqlite_stat%'
  union all select 'auto_vacuum ' || auto_vacuum from pragma_auto_vacuum
  order by 1`

/** The schema's own name is left out of what the server writes. */
const postgresCatalog = `
  with ours as (select oid, relname as name, relkind from pg_class where relnamespace = current_schema()::regnamespace)
  select replace(text, quote_ident(current_schema()) || '.', '') as text from (
    select concat_ws(' ', 'column', ours.name, row_number() over (partition by ours.oid order by a.attnum), a.attname,
                     format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull, a.attidentity,
                     pg_get_expr(d.adbin, d.adrelid)) as text
    from ours join pg_attribute a on a.attrelid = ours.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = ours.oid and d.adnum = a.attnum where ours.relkind in ('r', 'S')
    union all
    select concat_ws(' ', 'constraint', ours.name, c.conname, pg_get_constraintdef(c.oid))
    from ours join pg_constraint c on c.conrelid = ours.oid
    union all
    select pg_get_indexdef(oid) from ours where relkind = 'i'
    union all
    select pg_get_triggerdef(t.oid) from ours join pg_trigger t on t.tgrelid = ours.oid and not t.tgisinternal
    union all
    select pg_get_functiondef(oid) from pg_proc where pronamespace = current_schema()::regnamespace
    union all
    select concat_ws(' ', relkind, name) from ours where relkind not in ('r', 'S', 'i')
  ) as parts order by text collate "C"`

/** The tables of a store, each with its columns in order. */
export async function columns(location: string): Promise<Record<string, string[]>> {
  const rows = await ask(location, location.startsWith('postgres') ? postgresColumns : sqliteColumns)
  const tables = Map.groupBy(rows, ({ table }) => String(table))
  return Object.fromEntries(
    [...tables].map(([table, list]) => [table, list.map(({ column }) => String(column))]),
  )
}

const sqliteColumns = `
  select l.name as "table", c.name as "column" from pragma_table_list l join pragma_table_info(l.name) c
  where l.schema = 'main' and l.type = 'table' and l.name not like 'sqlite_%' order by l.name, c.cid`

const postgresColumns = `
  select c.relname as "table", a.attname as "column" from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`
