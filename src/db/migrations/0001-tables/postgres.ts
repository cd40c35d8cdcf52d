import { functions } from './postgres-functions.ts'
import { keepFunctions } from './postgres-keep.ts'
import { tables } from './postgres-tables.ts'
import { triggers } from './postgres-triggers.ts'

/** The part of PostgreSQL, which came when SQLite had all four: no store in it ever had fewer. */
export const postgres = `
create table hivewax_migrations (
  id bigint primary key,
  name text collate "C" not null,
  checksum text collate "C" not null,
  applied_at timestamptz(3) not null default clock_timestamp()
);

create table hivewax_counters (
  name text collate "C" primary key,
  value bigint not null
);
insert into hivewax_counters (name, value) values
  ('floor', 0), ('shared_revision', 0), ('events_floor', 0), ('shared_floor', 0), ('event', 0);
${functions}${tables}${keepFunctions}${triggers}`
