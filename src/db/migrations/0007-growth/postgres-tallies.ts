import { countPresent, type Tallied, talliedTables } from './tallied.ts'

/** A row that only stands in for one that is being locked is no record. */
const isRecord = (row: string) => `${row}.created_at is distinct from '-infinity'`

/** Each statement notes by how much it changes a count: a row of its own, for which no other transaction waits. */
const byChanges = ({ name, part, column }: Tallied) => `
create function ${name}_tally_inserted() returns trigger language plpgsql as $$ begin
  insert into hivewax_tally_changes (source, part, amount)
  select '${name}', ${part('inserted')}, count(*) from inserted where ${isRecord('inserted')} group by 2;
  return null;
end $$;
create function ${name}_tally_deleted() returns trigger language plpgsql as $$ begin
  insert into hivewax_tally_changes (source, part, amount)
  select '${name}', ${part('deleted')}, -count(*) from deleted where ${isRecord('deleted')} group by 2;
  return null;
end $$;
create trigger ${name}_tally_insert after insert on ${name} referencing new table as inserted
for each statement execute function ${name}_tally_inserted();
create trigger ${name}_tally_delete after delete on ${name} referencing old table as deleted
for each statement execute function ${name}_tally_deleted();${column === undefined ? '' : onUpdate(name, part, column)}`

const onUpdate = (name: string, part: Tallied['part'], column: string) => `
create function ${name}_tally_updated() returns trigger language plpgsql as $$ begin
  insert into hivewax_tally_changes (source, part, amount)
  values ('${name}', ${part('old')}, -1), ('${name}', ${part('new')}, 1);
  return null;
end $$;
create trigger ${name}_tally_update after update of ${column} on ${name}
for each row when (${part('old')} is distinct from ${part('new')}) execute function ${name}_tally_updated();`

/**
 * Ids of events are given out in the order of commits, so that those up to one of them can be counted. Who changes one of
 * these holds the counter until the commit: so whoever counts sees the change, or is seen to have counted.
 */
const ofEvents = `
create function hivewax_tallied_event(id bigint) returns boolean language plpgsql as $$
declare
  last bigint;
begin
  select value into last from hivewax_counters where name = 'tallied_events' for share;
  return id <= last;
end $$;
create function hivewax_tally_event(part text, amount bigint) returns void language sql as $$
  insert into hivewax_tallies as kept (source, part, amount) values ('events', part, amount)
  on conflict (source, part) do update set amount = kept.amount + excluded.amount
$$;
create function hivewax_widen_span(id bigint, logged_at timestamptz) returns void language plpgsql as $$ begin
  update hivewax_event_spans set first_id = least(first_id, id),
    earliest = least(earliest, logged_at), latest = greatest(latest, logged_at)
  where last_id = (select min(last_id) from hivewax_event_spans where last_id >= id);
  if not found then
    insert into hivewax_event_spans (last_id, first_id, earliest, latest) values (id, id, logged_at, logged_at);
  end if;
end $$;
create function hivewax_tally_events_deleted() returns trigger language plpgsql as $$
declare
  gone record;
begin
  if not hivewax_tallied_event((select min(id) from deleted)) then return null; end if;
  for gone in
    select type, count(*) as amount from deleted
    where id <= (select value from hivewax_counters where name = 'tallied_events') group by type order by type
  loop
    perform hivewax_tally_event(gone.type, -gone.amount);
  end loop;
  delete from hivewax_tallies where source = 'events' and amount = 0;
  return null;
end $$;
create trigger events_tally_delete after delete on events referencing old table as deleted
for each statement execute function hivewax_tally_events_deleted();
create function hivewax_tally_event_updated() returns trigger language plpgsql as $$ begin
  if not hivewax_tallied_event(new.id) then return null; end if;
  perform hivewax_tally_event(old.type, -1);
  perform hivewax_tally_event(new.type, 1);
  perform hivewax_widen_span(new.id, new.timestamp);
  return null;
end $$;
create trigger events_tally_update after update of type, timestamp on events
for each row when (old.type is distinct from new.type or old.timestamp is distinct from new.timestamp)
execute function hivewax_tally_event_updated();
-- Asked only about those whose ids this transaction has not given out itself; see events_find_insert.
create function hivewax_tally_event_late() returns trigger language plpgsql as $$ begin
  if not hivewax_tallied_event(new.id) then return null; end if;
  perform hivewax_tally_event(new.type, 1);
  perform hivewax_widen_span(new.id, new.timestamp);
  return null;
end $$;
create trigger events_tally_late after insert on events
for each row when (new.id <= coalesce(nullif(current_setting('hivewax.old_event', true), '')::bigint, new.id))
execute function hivewax_tally_event_late();
`

/** The tables, what is there at present, and the triggers. */
export const postgresTallies = `
create table hivewax_tallies (
  source text collate "C" not null,
  part text collate "C" not null,
  amount bigint not null,
  primary key (source, part)
);
create index hivewax_tallies_gone on hivewax_tallies (source) where amount = 0;
create table hivewax_tally_changes (
  source text collate "C" not null,
  part text collate "C" not null,
  amount bigint not null
);
create table hivewax_event_spans (
  last_id bigint primary key,
  first_id bigint not null,
  earliest timestamptz(3),
  latest timestamptz(3)
);
${talliedTables
  .filter(({ name }) => name !== 'events')
  .map(byChanges)
  .join('')}
${ofEvents}${countPresent}insert into hivewax_counters (name, value) select 'tallied_events', coalesce(max(id), 0) from events;
`
