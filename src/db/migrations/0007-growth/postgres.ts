import { indexes } from './indexes.ts'
import { postgresTallies } from './postgres-tallies.ts'

/**
 * Ids for events that SQL from outside inserts without any. To count up the row that ids come from once for each event
 * takes a version of that row each time, and looking for the last of them longer each time: so a statement locks the row
 * once, counts by itself, and notes the last id that it has given out when it ends.
 */
const eventIds = `
create or replace function hivewax_next_event() returns bigint language plpgsql as $$
declare
  last bigint := nullif(current_setting('hivewax.last_event', true), '');
begin
  if last is null then
    select value into last from hivewax_counters where name = 'event' for update;
    -- These are no late ones; see hivewax_next_events.
    perform set_config('hivewax.old_event', greatest(last, value)::text, true)
    from hivewax_counters where name = 'find_events';
  end if;
  perform set_config('hivewax.last_event', (last + 1)::text, true);
  return last + 1;
end $$;
create function hivewax_note_last_event() returns trigger language plpgsql as $$ begin
  update hivewax_counters set value = current_setting('hivewax.last_event')::bigint where name = 'event';
  perform set_config('hivewax.last_event', '', true);
  return null;
end $$;
create trigger events_last after insert on events for each statement
when (current_setting('hivewax.last_event', true) <> '') execute function hivewax_note_last_event();
`

/** The part of PostgreSQL. */
export const postgres = `${indexes}${eventIds}${postgresTallies}`
