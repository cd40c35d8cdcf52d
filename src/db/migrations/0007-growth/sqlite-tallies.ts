import { countPresent, talliedTables } from './tallied.ts'

/** Rows of `tasks` have no number but that of SQLite's own. */
const numberOf = (table: string) => (table === 'tasks' ? 'rowid' : 'id')

const lastCounted = (table: string) => `(select value from hivewax_counters where name = 'tallied_${table}')`

const less = (table: string, part: string) => `
  update hivewax_tallies set amount = amount - 1 where source = '${table}' and part = ${part};`

const more = (table: string, part: string) => `
  insert into hivewax_tallies (source, part, amount) values ('${table}', ${part}, 1)
  on conflict (source, part) do update set amount = amount + 1;`

/** The number of the last row is given out again once that is deleted. */
const lower = `
  update hivewax_counters set value = (select coalesce(max(rowid), 0) from tasks where rowid < old.rowid)
  where name = 'tallied_tasks' and value = old.rowid;`

const isCounted = (table: string, row: string) => `${row}.${numberOf(table)} <= ${lastCounted(table)}`

const deletes = talliedTables.map(
  ({ name, part }) => `
create trigger ${name}_tally_delete after delete on ${name} when ${isCounted(name, 'old')} begin${less(name, part('old'))}${
    name === 'tasks' ? lower : ''
  }
end;`,
)

const updates = talliedTables.map(({ name, part, column }) =>
  column === undefined
    ? ''
    : `
create trigger ${name}_tally_update after update of ${column} on ${name}
when ${part('old')} is not ${part('new')} and ${isCounted(name, 'old')} begin${less(name, part('old'))}${more(name, part('new'))}
end;`,
)

/** The time of an event that is in a span belongs to what is known of the span. */
const widenSpan = `
  update hivewax_event_spans set first_id = min(first_id, new.id),
    earliest = coalesce(min(earliest, new.timestamp), new.timestamp, earliest),
    latest = coalesce(max(latest, new.timestamp), new.timestamp, latest)
  where last_id = (select min(last_id) from hivewax_event_spans where last_id >= new.id);`

/** The tables, and the triggers that see to rows that were counted. */
export const sqliteTallies = `
-- How many rows of a table there are of each part, of those up to the one that the counter \`tallied_<table>\` names. What
-- came after it is counted by whoever asks, and taken over here now and then: so that what writes has nothing to count.
create table hivewax_tallies (
  source text not null,
  part text not null,
  amount integer not null,
  primary key (source, part)
) without rowid;
create index hivewax_tallies_gone on hivewax_tallies (source) where amount = 0;
-- spans of the log, and between which times their events were logged
create table hivewax_event_spans (
  last_id integer primary key,
  first_id integer not null,
  earliest text,
  latest text
);
${countPresent}${talliedTables
  .map(
    ({ name }) => `
insert into hivewax_counters (name, value)
select 'tallied_${name}', coalesce(max(${numberOf(name)}), 0) from ${name};`,
  )
  .join('')}
${deletes.join('')}${updates.join('')}
-- What SQL from outside inserts under an id of its own choice.
create trigger events_tally_late after insert on events when ${isCounted('events', 'new')} begin${more('events', 'new.type')}${widenSpan}
  insert into hivewax_event_spans (last_id, first_id, earliest, latest)
  select new.id, new.id, new.timestamp, new.timestamp
  where not exists (select 1 from hivewax_event_spans where last_id >= new.id);
end;
create trigger events_span_update after update of timestamp on events
when old.timestamp is not new.timestamp and ${isCounted('events', 'new')} begin${widenSpan}
end;
`
