import { isRecord } from './keep.ts'

/** Tables whose rows carry a number that callers hold on to: see `hivewax_counters`. */
const numbered = {
  memory_store: 'revision',
  agents: 'incarnation',
  tasks: 'token',
  workflow_state: 'version',
  swarm_topology: 'version',
  consensus_state: 'version',
  hivewax_event_offsets: 'token',
  hivewax_workflow_runs: 'token',
}

/** Tables whose records can be found, and the columns that the index depends on. */
const findable = {
  memory_store: ['namespace', 'key', 'value', 'metadata', 'expires_at'],
  agent_memory: ['agent_id', 'key', 'value'],
  tasks: ['id', 'description', 'payload', 'result'],
  patterns: ['id', 'type', 'pattern_data', 'metadata'],
}

const floors = Object.entries(numbered).map(
  ([table, column]) => `
create function ${table}_raise_floor() returns trigger language plpgsql as $$ begin
  update hivewax_counters set value = old.${column} where name = 'floor' and value < old.${column};
  return null;
end $$;
create trigger ${table}_floor after delete on ${table}
for each row when (old.${column} > 0) execute function ${table}_raise_floor();`,
)

const marks = Object.entries(findable).map(([table, columns]) => {
  const differs = columns.map(column => `old.${column} is distinct from new.${column}`).join(' or ')
  return `
create trigger ${table}_find_insert after insert on ${table} referencing new table as inserted
for each statement execute function hivewax_mark_inserted('${table}');
create trigger ${table}_find_update after update of ${columns.join(', ')} on ${table}
for each row when (${differs}) execute function hivewax_mark('${table}');
create trigger ${table}_find_delete after delete on ${table}
for each row when (${isRecord('old')}) execute function hivewax_mark('${table}');`
})

/** What SQLite's triggers do, in PostgreSQL's words. */
export const floorTriggers = `
${floors.join('')}
create function hivewax_bury() returns trigger language plpgsql as $$ begin
  insert into hivewax_shared_tombstones (key, version) values (old.key, coalesce(old.version, 1) + 1)
  on conflict (key) do update set version = case
    when hivewax_shared_tombstones.version < excluded.version then excluded.version
    else hivewax_shared_tombstones.version + 1 end;
  return null;
end $$;
create trigger shared_state_tombstone after delete on shared_state for each row execute function hivewax_bury();

create function hivewax_refuse_final() returns trigger language plpgsql as $$ begin
  raise exception 'what was decided under this key is final';
end $$;
create trigger consensus_state_final before update of value, status on consensus_state
for each row when (old.status = 'decided') execute function hivewax_refuse_final();

create function hivewax_mark() returns trigger language plpgsql as $$ begin
  insert into hivewax_find_changes (source, ref)
  values (tg_argv[0], case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end $$;
create function hivewax_mark_inserted() returns trigger language plpgsql as $$ begin
  insert into hivewax_find_changes (source, ref)
  select tg_argv[0], id from inserted where ${isRecord('inserted')};
  return null;
end $$;
create trigger events_find_delete after delete on events for each row execute function hivewax_mark('events');
create function hivewax_mark_late_event() returns trigger language plpgsql as $$ begin
  insert into hivewax_find_changes (source, ref)
  select 'events', new.id where new.id <= (select value from hivewax_counters where name = 'find_events');
  return null;
end $$;
-- Not asked about those whose ids this transaction has given out after it looked how far everything can be found.
create trigger events_find_insert after insert on events
for each row when (new.id <= coalesce(nullif(current_setting('hivewax.old_event', true), '')::bigint, new.id))
execute function hivewax_mark_late_event();
create trigger events_find_update after update of type, source, data on events
for each row execute function hivewax_mark('events');
${marks.join('')}
`
