/** Tables whose rows carry a number that callers hold on to: see `hivewax_counters`. */
const numbered = {
  memory_store: 'revision',
  agents: 'incarnation',
  tasks: 'token',
  workflow_state: 'version',
  swarm_topology: 'version',
  consensus_state: 'version',
}

/** The trigger by which the deletion of a row raises the floor to the number of the row. */
export function raiseFloor(table: string, column: string): string {
  return `create function ${table}_raise_floor() returns trigger language plpgsql as $$ begin
  update hivewax_counters set value = old.${column} where name = 'floor' and value < old.${column};
  return null;
end $$;
create trigger ${table}_floor after delete on ${table}
for each row when (old.${column} > 0) execute function ${table}_raise_floor();`
}

/** What SQLite's triggers do, in PostgreSQL's words. */
export const triggers = `
${Object.entries(numbered)
  .map(([table, column]) => raiseFloor(table, column))
  .join('\n')}

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
`
