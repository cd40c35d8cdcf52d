import { DatabaseSync } from 'node:sqlite'

/** Files as the old product writes them, made anew: `sec` and `ms` are one moment, 2026-11-22 06:13:20 UTC. */
export const sec = 1_795_328_000
export const ms = sec * 1000
export const at = '2026-11-22T06:13:20.000Z'

export function makeDatabase(file: string, statements: string): string {
  const db = new DatabaseSync(file)
  db.exec(statements)
  db.close()
  return file
}

/** Version 2: three live records, one expired, one that lives on; values as text and as JSON. */
export const version2 = `
  create table memory_entries (
    id integer primary key autoincrement, key text not null, value text not null,
    namespace text not null default 'default', metadata text, created_at integer, updated_at integer,
    accessed_at integer, access_count integer default 0, ttl integer, expires_at integer, unique (key, namespace));
  insert into memory_entries (key, value, namespace, metadata, created_at, updated_at, access_count, ttl, expires_at)
  values
    ('plain', 'from mcp', 'default', '{"storedBy":"mcp-server"}', ${sec}, ${sec + 60}, 3, null, null),
    ('json', '{"theme":"dark","gone":{"__type__":"__undefined__"},"on":{"__type__":"__Date__","value":"${at}"}}',
     'config', null, ${sec}, ${sec}, 0, null, null),
    ('number', '42', 'config', null, ${sec}, ${sec}, 0, null, null),
    ('version', '1.0', 'config', null, ${sec}, ${sec}, 0, null, null),
    ('big', '{"id":12345678901234567890}', 'config', null, ${sec}, ${sec}, 0, null, null),
    ('expired', 'short', 'cache', null, ${sec}, ${sec}, 0, 300, ${sec - 300}),
    ('lasting', 'long', 'cache', null, ${sec}, ${sec}, 0, 300, 4102444800);`

const columns3 = `id text primary key, key text not null, namespace text default 'default', content text not null,
  type text default 'semantic', embedding text, embedding_model text, embedding_dimensions integer, tags text,
  metadata text, owner_id text, created_at integer, updated_at integer, expires_at integer,
  last_accessed_at integer, access_count integer default 0, status text default 'active'`

/** Version 3: two live records, one archived, one deleted, one expired; two of them with vectors. */
export const version3 = `
  create table memory_entries (${columns3}, provenance_type text default 'unknown', unique (namespace, key));
  insert into memory_entries (id, key, namespace, content, embedding, embedding_model, tags, owner_id, created_at,
                              updated_at, expires_at, status, provenance_type)
  values
    ('entry_1', 'hello', 'default', 'second value', '[0.5,-0.25]', 'hash', null, null, ${ms}, ${ms + 1}, null, 'active', 'unknown'),
    ('entry_2', 'prefs', 'config', '{"theme":"dark"}', '[1,0]', 'hash', '["a","b"]', 'me', ${ms}, ${ms}, null, 'active', 'user_claim'),
    ('entry_3', 'old', 'config', 'stays', null, null, '[]', null, ${ms}, ${ms}, null, 'archived', 'unknown'),
    ('entry_4', 'token', 'cache', 'abc', null, null, null, null, ${ms}, ${ms + 9000}, null, 'deleted', 'unknown'),
    ('entry_5', 'short', 'cache', 'gone', null, null, null, null, ${ms}, ${ms}, ${ms + 1000}, 'active', 'unknown');
  create table metadata (key text primary key, value text not null, updated_at integer);
  insert into metadata values ('schema_version', '3.0.0', ${ms}), ('backend', 'hybrid', ${ms});
  create table vector_indexes (id text primary key, name text, dimensions integer not null, metric text);
  insert into vector_indexes values ('default', 'default', 384, 'cosine');
  create table trajectories (id text primary key, status text, task text, context text, started_at integer);
  insert into trajectories values ('t1', 'active', 'refactor', '{"step":1}', ${ms});
  create table notes (id integer primary key, title text, text text, created_at integer);
  insert into notes values (1, 'a note', 'kept whole', ${sec});
  create table skills (id integer primary key, name text);`

/** The mirror of version 3: what was deleted there is live here, what had an expiry has none. */
export const mirror = `
  create table memory_entries (${columns3}, unique (namespace, key));
  insert into memory_entries (id, key, namespace, content, created_at, updated_at) values
    ('entry_1', 'hello', 'default', 'second value', ${ms}, ${ms + 2}),
    ('entry_4', 'token', 'cache', 'abc', ${ms}, ${ms}),
    ('entry_5', 'short', 'cache', 'gone', ${ms + 100}, ${ms + 100}),
    ('entry_6', 'only', 'default', 'here', ${ms}, ${ms});
  create table reasoning_patterns (
    id integer primary key, ts integer, task_type text not null, approach text not null,
    success_rate real not null default 0.0, uses integer default 0, avg_reward real, tags text, metadata text);
  insert into reasoning_patterns values (1, ${sec}, 'code', 'retry with backoff', 0.9, 4, 0.5, '["x"]', null);
  create table pattern_embeddings (pattern_id integer primary key, embedding blob not null);
  insert into pattern_embeddings values (1, x'0000803f');`

/** Version 2.7: the memory of the command line kept as patterns, one key twice. */
export const bank = `
  create table patterns (
    id text primary key, type text not null, pattern_data text not null, confidence real not null default 0.5,
    usage_count integer not null default 0, created_at text not null default current_timestamp, last_used text);
  insert into patterns values
    ('p1', 'reasoning_memory', '{"title":"hello","original_key":"hello","original_value":"first","namespace":"default"}',
     0.8, 0, '2026-11-22 06:13:20', null),
    ('p2', 'reasoning_memory', '{"title":"hello","original_key":"hello","original_value":"second","namespace":"default"}',
     0.8, 2, '2026-11-22 06:13:30', '2026-11-22 06:14:00'),
    ('p3', 'strategy', '{"title":"no key"}', 0.6, 0, '2026-11-22 06:13:20', null);
  create table metrics_log (id integer primary key, metric_name text not null, value real not null, timestamp text);
  insert into metrics_log values (1, 'rb.latency_ms', 34.0, '2026-11-22 06:13:20'), (2, 'rb.latency_ms', 34.0, '2026-11-22 06:13:20');
  create table pattern_links (src_id text not null, dst_id text not null, relation text not null);`

/** A hive: agents, memory, a session with its log and a checkpoint, tasks. */
export const hive = `
  create table swarms (id text primary key, name text not null, objective text, created_at datetime);
  insert into swarms values ('s1', 'hive', 'Build a REST API', '2026-11-22 06:13:20');
  create table agents (id text primary key, swarm_id text, name text not null, type text not null, role text,
                       status text, capabilities text, created_at datetime);
  insert into agents values
    ('queen', 's1', 'Queen', 'coordinator', 'queen', 'active', '["planning"]', '2026-11-22 06:13:20'),
    ('worker', 's1', 'Coder', 'coder', 'worker', 'idle', 'not json', '2026-11-22 06:13:20');
  create table tasks (id text primary key, swarm_id text, agent_id text, description text, status text,
                      priority integer default 5, result text, created_at datetime, completed_at datetime);
  insert into tasks values
    ('t1', 's1', 'worker', 'write tests', 'completed', 9, '{"ok":true}', '2026-11-22 06:13:20', '2026-11-22 06:20:00'),
    ('t2', 's1', 'worker', 'write docs', 'in_progress', 5, null, '2026-11-22 06:13:20', null);
  create table collective_memory (id text primary key, swarm_id text, key text not null, value text, type text,
                                  confidence real, created_at datetime, access_count integer, compressed integer);
  insert into collective_memory values ('m1', 's1', 'objective', '"Build a REST API"', 'context', 1.0, '2026-11-22 06:13:20', 0, 0);
  create table sessions (id text primary key, swarm_id text not null, swarm_name text, objective text, status text,
                         created_at datetime, updated_at datetime, checkpoint_data text, metadata text);
  insert into sessions values ('session-1', 's1', 'hive', 'Build a REST API', 'stopped', '2026-11-22 06:13:20',
                               '2026-11-22 06:20:00', '{"done":1}', '{"queenType":"strategic"}');
  create table session_checkpoints (id text primary key, session_id text, checkpoint_data text, created_at datetime);
  insert into session_checkpoints values
    ('c1', 'session-1', '__compressed__${Buffer.from('{"changes":5}').toString('base64')}', '2026-11-22 06:13:20');
  create table session_logs (id integer primary key, session_id text, timestamp datetime, message text);
  insert into session_logs values (1, 'session-1', '2026-11-22 06:13:20', 'created'), (2, 'session-1', '2026-11-22 06:13:20', 'stopped');`

/** Version 1: memory by agent, with times as text. */
export const version1 = `
  create table memory_entries (
    id text primary key, agent_id text not null, session_id text not null, type text not null, content text not null,
    context text not null, timestamp text not null, tags text not null, version integer not null, parent_id text,
    metadata text);
  insert into memory_entries values
    ('e1', 'coder-1', 'session-1', 'insight', 'use env vars', '{"file":"a.ts"}', '${at}', '["x"]', 1, null, null);`

/** The library of version 3, which has no unique keys and a full-text index. */
export const library3 = `
  create table memory_entries (
    id text primary key, key text not null, content text not null, type text not null, namespace text not null,
    tags text not null, metadata text not null, owner_id text, access_level text not null, created_at integer not null,
    updated_at integer not null, expires_at integer, version integer not null, "references" text not null,
    access_count integer not null, last_accessed_at integer not null);
  insert into memory_entries values
    ('a', 'twice', 'first', 'semantic', 'default', '[]', '{"own":1}', null, 'private', ${ms}, ${ms}, null, 1, '["b"]', 0, ${ms}),
    ('b', 'twice', 'second', 'semantic', 'default', '[]', '{}', null, 'private', ${ms}, ${ms + 5}, null, 1, '[]', 0, ${ms});
  create virtual table memory_fts using fts5 (id unindexed, key, content);
  insert into memory_fts values ('a', 'twice', 'first');
  create table memory_embeddings (entry_id text primary key, embedding blob);
  insert into memory_embeddings values ('a', x'0000803f');`
