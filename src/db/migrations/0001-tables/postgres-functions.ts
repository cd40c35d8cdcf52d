/** What statements call, beside the functions that lock records. */
export const functions = `
-- Ids of events come from a row and not from a sequence: whoever appends holds it until the commit, so that ids are
-- given out in the order of commits and no reader can ever pass one by.
create function hivewax_next_event() returns bigint language sql as $$
  update hivewax_counters set value = value + 1 where name = 'event' returning value
$$;

-- The last of so many ids, given out at once. Null for a sealed log that is to be skipped: asked once the row is held,
-- so that nobody can seal the log meanwhile unseen.
create function hivewax_next_events(count bigint, when_sealed text) returns bigint language plpgsql as $$
declare
  last bigint;
  is_sealed boolean;
  old_event text;
begin
  update hivewax_counters set value = value + count where name = 'event' returning value into last;
  -- The setting is for those who look out for events that come late; see hivewax_mark_late_event.
  select exists (select 1 from hivewax_counters where name = 'events_sealed'),
    set_config('hivewax.old_event', greatest(last - count, value)::text, true)
  into is_sealed, old_event from hivewax_counters where name = 'find_events';
  if when_sealed = 'append' or not is_sealed then return last; end if;
  if when_sealed = 'fail' then raise exception 'the log is sealed' using errcode = 'HW001'; end if;
  update hivewax_counters set value = value - count where name = 'event';
  return null;
end $$;

-- A number given to a new row, refused when the floor has reached it meanwhile; see Dialect.issued.
create function hivewax_issued(number bigint, locked_by xid) returns bigint language plpgsql as $$ begin
  if locked_by = '0' and number <= (select value from hivewax_counters where name = 'floor') then
    raise exception 'a record of the same key was being deleted' using errcode = 'serialization_failure';
  end if;
  return number;
end $$;

-- Whether a text is a JSON array with this string in it. What is no JSON holds nothing; asking PostgreSQL whether
-- it is needs release 16.
create function hivewax_holds(list text, item text) returns boolean language plpgsql immutable strict as $$ begin
  return list like '%[%' and jsonb_typeof(list::jsonb) = 'array' and list::jsonb ? item;
exception when others then
  return false;
end $$;

-- See Dialect.unawaited. A function sees what was committed before it was called, and not only before its statement.
create function hivewax_unawaited(ids text[]) returns boolean language plpgsql as $$ begin
  if exists (select 1 from hivewax_task_dependencies where parent_id = any (ids) and open = 1) then
    raise exception 'a task has come to wait for one of these' using errcode = 'serialization_failure';
  end if;
  return true;
end $$;
`
