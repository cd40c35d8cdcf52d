import type { Migration } from '../migration.ts'

/** Who may use the store from outside the process of its owner. */
export const access: Migration = {
  id: 4,
  name: 'access',
  sqlite: `
-- hash: of the secret half of the token, which is stored nowhere
create table hivewax_tokens (
  id text primary key,
  principal text not null,
  hash text not null,
  permissions text not null,
  namespaces text,
  agent_id text,
  created_at text not null,
  expires_at text
) without rowid;
`,
  postgres: `
create table hivewax_tokens (
  id text collate "C" primary key,
  principal text collate "C" not null,
  hash text collate "C" not null,
  permissions text collate "C" not null,
  namespaces text collate "C",
  agent_id text collate "C",
  created_at timestamptz(3) not null,
  expires_at timestamptz(3)
);
`,
}
