import type { Migration } from '../migration.ts'

/** What the checksum of what was asked for covers, labels and parent included. */
const given = [
  ...['id', 'description', 'priority', 'dependencies', 'requires', 'queue', 'max_attempts', 'backoff'],
  ...['idempotency_key', 'created_by', 'labels', 'parent_task'],
]

const differs = (columns: readonly string[]) =>
  columns.map(column => `old.${column} is not new.${column}`).join(' or ')

const commented = ['task_id', 'number', 'body', 'author']

const byParent = `
create index tasks_by_parent on tasks (parent_task, id) where parent_task is not null;
`

const comments = (text: string, time: string, integer: string) => `
create table hivewax_task_comments (
  task_id ${text} not null references tasks (id) on delete cascade,
  number ${integer} not null,
  body ${text} not null,
  created_at ${time} not null,
  author text,
  crc ${integer},
  primary key (task_id, number)
)`

const sqlite = `
-- rises with each change of what was asked for; 0 until the first
alter table tasks add column revision integer not null default 0;
-- a JSON array of texts, null for none
alter table tasks add column labels text;
-- the task that it is a part of, by its name alone: it may be gone
alter table tasks add column parent_task text;
${byParent}
drop trigger tasks_crc;
create trigger tasks_crc after update of ${given.join(', ')} on tasks
when new.crc is old.crc and new.crc is not null and (${differs(given)}) begin
  update tasks set crc = null where rowid = new.rowid;
end;
drop trigger tasks_floor;
create trigger tasks_floor after delete on tasks begin
  update hivewax_counters set value = max(old.token, old.revision)
  where name = 'floor' and value < max(old.token, old.revision);
end;
${comments('text', 'text', 'integer')} without rowid;
create trigger hivewax_task_comments_crc after update of ${commented.join(', ')} on hivewax_task_comments
when new.crc is old.crc and new.crc is not null and (${differs(commented)}) begin
  update hivewax_task_comments set crc = null, author = null where task_id = new.task_id and number = new.number;
end;
`

const postgres = `
alter table tasks add column revision bigint not null default 0, add column labels text collate "C",
  add column parent_task text collate "C";
${byParent}
create or replace function tasks_raise_floor() returns trigger language plpgsql as $$ begin
  update hivewax_counters set value = greatest(old.token, old.revision)
  where name = 'floor' and value < greatest(old.token, old.revision);
  return null;
end $$;
drop trigger tasks_floor on tasks;
create trigger tasks_floor after delete on tasks
for each row when (old.token > 0 or old.revision > 0) execute function tasks_raise_floor();
${comments('text collate "C"', 'timestamptz(3)', 'bigint')};
`

/** Tasks can be edited, labelled, made part of others, and commented. */
export const planning: Migration = { id: 13, name: 'planning', sqlite, postgres }
