import type { Migration } from '../migration.ts'

const table = (text: string) => `
-- by which process an agent comes; machine and process are null where nobody could tell whether that is over
create table hivewax_agent_connections (
  agent_id ${text} not null,
  connection ${text} not null,
  machine ${text},
  process ${text},
  primary key (agent_id, connection)
)`

const index = `
create index hivewax_agent_connections_by_machine on hivewax_agent_connections (machine) where machine is not null;
`

/** That a process was killed is noticed by those beside it. */
export const connections: Migration = {
  id: 11,
  name: 'connections',
  sqlite: `${table('text')} without rowid;${index}`,
  postgres: `${table('text collate "C"')};${index}`,
}
