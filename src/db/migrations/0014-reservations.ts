import type { Migration } from '../migration.ts'

interface Types {
  text: string
  integer: string
  time: string
}

const table = ({ text, integer, time }: Types) => `
-- who has reserved which files
create table hivewax_reservations (
  glob ${text} not null,
  owner ${text} not null,
  shared ${integer} not null,
  purpose ${text},
  token ${integer} not null,
  lease_until ${integer} not null,
  lease_epoch ${text} not null,
  reserved_at ${time} not null,
  primary key (glob, owner)
)`

const rest = `
create index hivewax_reservations_by_end on hivewax_reservations (lease_epoch, lease_until);
create index hivewax_reservations_by_owner on hivewax_reservations (owner);
create index hivewax_reservations_by_token on hivewax_reservations (token);
insert into hivewax_counters (name, value) values ('reservations', 0);
`

/** Files can be reserved. */
export const reservations: Migration = {
  id: 14,
  name: 'reservations',
  sqlite: `${table({ text: 'text', integer: 'integer', time: 'text' })} without rowid;${rest}`,
  postgres: `${table({ text: 'text collate "C"', integer: 'bigint', time: 'timestamptz(3)' })};${rest}`,
}
