import { isSame, oldOf, pruneEvery, type Table, tables, takenOver, wasThere } from './tables.ts'

/** As SQLite's triggers, but that what SQL from outside writes has its revision raised before it is stored. */
function triggers(table: Table): string {
  const { name, history, content, limit } = table
  const columns = takenOver(table)
  const old = columns.map(oldOf).join(', ')
  const differs = content.map(column => `old.${column} is distinct from new.${column}`).join(' or ')
  return `
create function ${name}_prune_history(old ${name}, kept bigint) returns void language plpgsql as $$
declare
  oldest bigint;
begin
  if old.revision % ${pruneEvery} <> 0 then return; end if;
  select revision into oldest from ${history} where ${isSame(table)} order by revision desc limit 1 offset kept;
  if oldest is null then return; end if;
  update ${history} set ${content.map(column => `${column} = null`).join(', ')}, author = null, crc = null, gone_at = clock_timestamp()
  where ${isSame(table)} and revision = oldest;
  delete from ${history} where ${isSame(table)} and revision < oldest;
end $$;
create function ${name}_keep_version() returns trigger language plpgsql as $$
declare
  kept bigint := ${limit};
  at timestamptz := coalesce(new.updated_at, clock_timestamp());
begin
  new.revision := old.revision + 1;
  if kept = 0 or not ${wasThere(table, 'at')} then return new; end if;
  insert into ${history} (${columns.join(', ')}, replaced_at) values (${old}, at) on conflict do nothing;
  perform ${name}_prune_history(old, kept);
  return new;
end $$;
create trigger ${name}_version before update on ${name} for each row
when (new.revision = old.revision + 1 or (new.revision = old.revision and (${differs})))
execute function ${name}_keep_version();
create function ${name}_keep_deleted() returns trigger language plpgsql as $$
declare
  kept bigint := ${limit};
begin
  update hivewax_counters set value = old.revision + 1 where name = 'floor' and value <= old.revision;
  if kept = 0 or not ${wasThere(table, 'clock_timestamp()')} then return null; end if;
  insert into ${history} (${columns.join(', ')}, replaced_at, deleted)
  values (${old}, clock_timestamp(), 1) on conflict do nothing;
  perform ${name}_prune_history(old, kept);
  return null;
end $$;
create trigger ${name}_deleted after delete on ${name}
for each row when (old.created_at is distinct from '-infinity') execute function ${name}_keep_deleted();
`
}

function historyTable({ history, key, content, numbers = [], times = [] }: Table): string {
  const type = (column: string) => {
    if (numbers.includes(column)) return 'double precision'
    return times.includes(column) ? 'timestamptz(3)' : 'text collate "C"'
  }
  return `
create table ${history} (
${key.map(column => `  ${column} text collate "C" not null,`).join('\n')}
  revision bigint not null,
${content.map(column => `  ${column} ${type(column)},`).join('\n')}
  author text collate "C",
  created_at timestamptz(3),
  updated_at timestamptz(3),
  replaced_at timestamptz(3) not null,
  deleted bigint not null default 0,
  deleted_by text collate "C",
  gone_at timestamptz(3),
  gone_by text collate "C",
  crc bigint,
  primary key (${key.join(', ')}, revision)
);`
}

/** The part of PostgreSQL. */
export const postgres = `
create table hivewax_history_limits (
  namespace text collate "C" primary key,
  versions bigint not null,
  days bigint not null
);
${tables.map(historyTable).join('')}
create index hivewax_memory_history_by_expiry on hivewax_memory_history (expires_at) where expires_at is not null;
drop trigger memory_store_floor on memory_store;
drop function memory_store_raise_floor();
alter table agent_memory add column revision bigint not null default 1;
alter table patterns add column revision bigint not null default 1;
${tables.map(triggers).join('')}`
