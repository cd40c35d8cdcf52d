/** How a table's records are told apart, and what else a row needs that only stands in for one that is not there. */
interface Kept {
  key: readonly string[]
  rest: Readonly<Record<string, string | number>>
}

/** The time of a row that stands in, which no record has: its triggers leave it alone, as they do numbers of 0. */
const never = '-infinity'

const kept: Record<string, Kept> = {
  memory_store: { key: ['key', 'namespace'], rest: { value: '', revision: 0, created_at: never } },
  agent_memory: { key: ['agent_id', 'key'], rest: { value: '', created_at: never } },
  sessions: { key: ['id'], rest: { data: '' } },
  agents: { key: ['id'], rest: { type: '', incarnation: 0 } },
  tasks: { key: ['id'], rest: { description: '', status: 'cancelled', created_at: never } },
  patterns: { key: ['id'], rest: { type: '', pattern_data: '', created_at: never } },
  workflow_state: { key: ['id'], rest: { workflow_type: '', state: '', version: 0 } },
  consensus_state: { key: ['key'], rest: { value: '', version: 0 } },
  hivewax_locks: { key: ['name'], rest: { token: 0 } },
  hivewax_event_offsets: { key: ['group_name'], rest: { position: 0, updated_at: never } },
  hivewax_counters: { key: ['name'], rest: { value: 0 } },
}

/**
 * Functions `hivewax_keep_…(key)` that lock a record until the end of the transaction. One that is not there is locked
 * by a row inserted under its key and deleted at once: as long as its transaction is open, the unique index makes
 * everybody else wait who inserts the key, and nobody ever sees the row.
 */
export const keepFunctions = Object.entries(kept)
  .map(([table, { key, rest }]) => {
    const wanted = key.map((column, i) => `${table}.${column} = $${i + 1}`).join(' and ')
    const values = [...key.map((_, i) => `$${i + 1}`), ...Object.values(rest).map(value => `'${value}'`)]
    const isMemory = table === 'agent_memory'
    // The row must refer to an agent that is there. While there is none, nobody makes a memory without making it.
    const from = isMemory ? 'from agents where id = $1 for key share' : ''
    const orAgent = isMemory
      ? `if not exists (select 1 from agents where id = $1) then
      perform hivewax_keep_agents($1);
      if not exists (select 1 from agents where id = $1) then return; end if;
    end if;`
      : ''
    return `
create function hivewax_keep_${table}(${key.map(() => 'text').join(', ')}) returns void language plpgsql as $$ begin
  loop
    perform 1 from ${table} where ${wanted} for no key update;
    if found then return; end if;
    insert into ${table} (${[...key, ...Object.keys(rest)].join(', ')}) select ${values.join(', ')} ${from}
    on conflict do nothing;
    if found then
      delete from ${table} where ${wanted};
      return;
    end if;
    ${orAgent}
  end loop;
end $$;`
  })
  .join('')
