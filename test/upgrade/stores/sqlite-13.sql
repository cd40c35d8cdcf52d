pragma auto_vacuum=2;
pragma application_id=1752594296;
pragma user_version=13;
CREATE TABLE hivewax_migrations (
  id integer primary key,
  name text not null,
  checksum text not null,
  applied_at text not null default current_timestamp
);
CREATE TABLE hivewax_counters (
  name text primary key,
  value integer not null
) without rowid;
CREATE TABLE memory_store (
  id integer primary key autoincrement,
  key text not null,
  value text not null,
  namespace text default 'default',
  metadata text,
  created_at text default current_timestamp,
  updated_at text default current_timestamp,
  expires_at text,
  revision integer not null default 1, crc integer, author text,
  unique (key, namespace)
);
CREATE TABLE sessions (
  id text primary key,
  data text not null,
  created_at text default current_timestamp,
  last_accessed text default current_timestamp,
  expires_at text,
  ttl_ms integer
, crc integer, author text);
CREATE TABLE agents (
  id text primary key,
  type text not null,
  capabilities text,
  state text,
  swarm_id text,
  created_at text default current_timestamp,
  last_active text default current_timestamp,
  metadata text,
  incarnation integer not null default 1,
  ttl_ms integer,
  alive_until integer,
  alive_epoch text,
  lapsed_at text
, type_crc integer, capabilities_crc integer, state_crc integer, metadata_crc integer);
CREATE TABLE tasks (
  id text primary key,
  description text not null,
  status text default 'pending',
  priority text default 'medium',
  assigned_to text,
  dependencies text,
  result text,
  created_at text default current_timestamp,
  completed_at text,
  updated_at text default current_timestamp,
  payload text,
  requires text,
  run_at text,
  rank integer,
  open_dependencies integer not null default 0,
  caused_by text,
  token integer not null default 0,
  lease_until integer,
  lease_epoch text,
  attempts integer not null default 0,
  max_attempts integer not null default 3,
  backoff text,
  errors text,
  progress text,
  idempotency_key text,
  fingerprint text,
  created_by text
, queue text not null default 'default', lane text, claimed_at text, crc integer, payload_crc integer, progress_crc integer, result_crc integer, errors_crc integer, revision integer not null default 0, labels text, parent_task text);
CREATE TABLE hivewax_task_dependencies (
  parent_id text not null references tasks (id) on delete cascade,
  child_id text not null references tasks (id) on delete cascade,
  on_failure text not null default 'fail',
  open integer not null default 1,
  primary key (child_id, parent_id)
) without rowid;
CREATE TABLE agent_memory (
  id integer primary key autoincrement,
  agent_id text not null,
  key text not null,
  value text not null,
  created_at text default current_timestamp,
  updated_at text default current_timestamp, crc integer, author text, revision integer not null default 1,
  unique (agent_id, key),
  foreign key (agent_id) references agents (id)
);
CREATE TABLE shared_state (
  key text primary key,
  value text not null,
  updated_by text,
  version integer default 1,
  updated_at text default current_timestamp,
  revision integer not null default 0
, lease_id text, crc integer, author text);
CREATE TABLE hivewax_shared_history (
  revision integer not null,
  key text not null,
  version integer not null,
  value text,
  updated_by text,
  updated_at text not null,
  transaction_id text, crc integer, author text,
  primary key (revision, key, version)
);
CREATE TABLE hivewax_shared_tombstones (
  key text primary key,
  version integer not null
) without rowid;
CREATE TABLE events (
  id integer primary key autoincrement,
  type text not null,
  source text not null,
  data text,
  timestamp text default current_timestamp
, crc integer, author text);
CREATE TABLE hivewax_event_offsets (
  group_name text primary key,
  position integer not null,
  updated_at text not null
, owner text, token integer not null default 0, lease_until integer, lease_epoch text) without rowid;
CREATE TABLE patterns (
  id text primary key,
  type text not null,
  pattern_data text not null,
  confidence real default 0.0,
  usage_count integer default 0,
  created_at text default current_timestamp,
  last_used text,
  updated_at text default current_timestamp,
  successes integer not null default 0,
  failures integer not null default 0,
  metadata text,
  prior real,
  weight_for real not null default 0,
  weight_against real not null default 0
, crc integer, author text, revision integer not null default 1);
CREATE TABLE performance_metrics (
  id integer primary key autoincrement,
  metric_name text not null,
  value real not null,
  tags text,
  timestamp text default current_timestamp
, crc integer);
CREATE TABLE workflow_state (
  id text primary key,
  workflow_type text not null,
  state text not null,
  checkpoint_data text,
  created_at text default current_timestamp,
  updated_at text default current_timestamp,
  version integer not null default 1
, step_count integer not null default 0, type_crc integer, state_crc integer, checkpoint_crc integer, author text);
CREATE TABLE hivewax_workflow_history (
  workflow_id text not null references workflow_state (id) on delete cascade,
  version integer not null,
  state text not null,
  checkpoint_data text,
  saved_at text not null, state_crc integer, checkpoint_crc integer, author text,
  primary key (workflow_id, version)
) without rowid;
CREATE TABLE hivewax_workflow_steps (
  workflow_id text not null references workflow_state (id) on delete cascade,
  step text not null,
  iteration integer not null default 0,
  result text not null,
  completed_at text not null, kind text not null default 'step', seq integer not null default 0, crc integer,
  primary key (workflow_id, step, iteration)
) without rowid;
CREATE TABLE swarm_topology (
  id integer primary key autoincrement,
  swarm_id text not null,
  topology_type text not null,
  nodes text not null,
  edges text,
  metadata text,
  created_at text default current_timestamp,
  version integer not null default 1
, crc integer, author text);
CREATE TABLE consensus_state (
  key text primary key,
  value text not null,
  version integer default 1,
  proposer text,
  acceptors text,
  timestamp text default current_timestamp,
  status text not null default 'open',
  voters text,
  quorum integer,
  accepts integer not null default 0,
  rejects integer not null default 0,
  deadline text,
  decided_at text,
  rejectors text
, weights text, crc integer, votes_crc integer, author text);
CREATE TABLE hivewax_votes (
  key text not null references consensus_state (key) on delete cascade,
  ballot integer not null,
  voter text not null,
  accepts integer not null,
  voted_at text not null, weight integer not null default 1,
  primary key (key, ballot, voter)
) without rowid;
CREATE TABLE hivewax_locks (
  name text primary key,
  owner text,
  token integer not null,
  lease_until integer,
  lease_epoch text,
  delay_ms integer not null default 0,
  acquired_at text
) without rowid;
CREATE TABLE hivewax_access (
  minute text not null,
  namespace text not null,
  key text not null,
  reads integer not null,
  primary key (minute, namespace, key)
) without rowid;
CREATE TABLE hivewax_upkeep (
  name text primary key,
  owner text,
  lease_until integer,
  lease_epoch text,
  done_at text
) without rowid;
CREATE TABLE hivewax_find_changes (
  id integer primary key,
  source text not null,
  ref
);
CREATE TABLE hivewax_find_records (
  id integer primary key,
  source text not null,
  ref not null,
  expires_at text,
  unique (source, ref)
);
CREATE VIRTUAL TABLE hivewax_find using fts5 (
  scope, title, body, content = '', contentless_delete = 1, tokenize = 'ascii'
);
CREATE TABLE hivewax_task_queues (
  name text primary key,
  max_running integer not null
) without rowid;
CREATE TABLE hivewax_task_schedules (
  id text primary key,
  cron text,
  every_ms integer,
  timezone text,
  overlap text not null default 'skip',
  task text not null,
  next_at text,
  last_at text,
  last_task_id text,
  created_at text not null default current_timestamp,
  updated_at text not null default current_timestamp
, crc integer) without rowid;
CREATE TABLE hivewax_leases (
  id text primary key,
  owner text,
  ttl_ms integer not null,
  lease_until integer not null,
  lease_epoch text not null,
  granted_at text not null
) without rowid;
CREATE TABLE hivewax_event_hashes (
  event_id integer primary key,
  hash text not null
);
CREATE TABLE hivewax_workflow_runs (
  workflow_id text primary key references workflow_state (id) on delete cascade,
  workflow_type text not null,
  code_version text not null default '1',
  input text not null default 'null',
  status text not null default 'open',
  result text,
  error text,
  owner text,
  token integer not null default 0,
  lease_until integer,
  lease_epoch text,
  lapses integer not null default 0,
  wake_at text,
  waits_for text,
  forked_from text,
  created_at text not null,
  updated_at text not null
, input_crc integer, end_crc integer) without rowid;
CREATE TABLE hivewax_workflow_signals (
  workflow_id text not null references workflow_state (id) on delete cascade,
  name text not null,
  payload text not null,
  sent_at text not null, crc integer,
  primary key (workflow_id, name)
) without rowid;
CREATE TABLE hivewax_workflow_timers (
  workflow_id text not null references workflow_state (id) on delete cascade,
  step text not null,
  iteration integer not null default 0,
  due_at text not null,
  primary key (workflow_id, step, iteration)
) without rowid;
CREATE TABLE hivewax_metric_rollups (
  metric_name text not null,
  resolution text not null,
  window_start text not null,
  tags text not null default '',
  count integer not null,
  sum real not null,
  min real not null,
  max real not null,
  sketch text not null, crc integer,
  primary key (metric_name, resolution, window_start, tags)
) without rowid;
CREATE TABLE hivewax_metric_series (
  metric_name text not null,
  tags text not null,
  seen_on text not null,
  primary key (metric_name, tags)
) without rowid;
CREATE TABLE hivewax_tokens (
  id text primary key,
  principal text not null,
  hash text not null,
  permissions text not null,
  namespaces text,
  agent_id text,
  created_at text not null,
  expires_at text
, crc integer) without rowid;
CREATE TABLE hivewax_tallies (
  source text not null,
  part text not null,
  amount integer not null,
  primary key (source, part)
) without rowid;
CREATE TABLE hivewax_event_spans (
  last_id integer primary key,
  first_id integer not null,
  earliest text,
  latest text
);
CREATE TABLE hivewax_history_limits (
  namespace text primary key,
  versions integer not null,
  days integer not null
) without rowid;
CREATE TABLE hivewax_memory_history (
  namespace text not null,
  key text not null,
  revision integer not null,
  value text,
  metadata text,
  expires_at text,
  author text,
  created_at text,
  updated_at text,
  replaced_at text not null,
  deleted integer not null default 0,
  deleted_by text,
  gone_at text,
  gone_by text,
  crc integer,
  primary key (namespace, key, revision)
) without rowid;
CREATE TABLE hivewax_agent_memory_history (
  agent_id text not null,
  key text not null,
  revision integer not null,
  value text,
  author text,
  created_at text,
  updated_at text,
  replaced_at text not null,
  deleted integer not null default 0,
  deleted_by text,
  gone_at text,
  gone_by text,
  crc integer,
  primary key (agent_id, key, revision)
) without rowid;
CREATE TABLE hivewax_pattern_history (
  id text not null,
  revision integer not null,
  type text,
  pattern_data text,
  metadata text,
  prior real,
  author text,
  created_at text,
  updated_at text,
  replaced_at text not null,
  deleted integer not null default 0,
  deleted_by text,
  gone_at text,
  gone_by text,
  crc integer,
  primary key (id, revision)
) without rowid;
CREATE TABLE hivewax_agent_connections (
  agent_id text not null,
  connection text not null,
  machine text,
  process text,
  primary key (agent_id, connection)
) without rowid;
CREATE TABLE hivewax_task_comments (
  task_id text not null references tasks (id) on delete cascade,
  number integer not null,
  body text not null,
  created_at text not null,
  author text,
  crc integer,
  primary key (task_id, number)
) without rowid;
delete from "hivewax_migrations";
insert into "hivewax_migrations" values (1, 'tables', '84964225-10608', '2026-12-03 02:49:07.428');
insert into "hivewax_migrations" values (2, 'find', '5110709c-3749', '2026-12-03 02:49:07.431');
insert into "hivewax_migrations" values (3, 'coordination', 'dde7bf2f-7178', '2026-12-03 02:49:07.439');
insert into "hivewax_migrations" values (4, 'access', 'e2bbdb66-297', '2026-12-03 02:49:07.440');
insert into "hivewax_migrations" values (5, 'checksums', 'd1de5328-13388', '2026-12-03 02:49:07.459');
insert into "hivewax_migrations" values (6, 'pinned', '2d36e1d6-222', '2026-12-03 02:49:07.461');
insert into "hivewax_migrations" values (7, 'growth', '61a36445-5804', '2026-12-03 02:49:07.463');
insert into "hivewax_migrations" values (8, 'find-walks', '811c9dc5-0', '2026-12-03 02:49:07.464');
insert into "hivewax_migrations" values (9, 'authors', 'c021a28e-5344', '2026-12-03 02:49:07.475');
insert into "hivewax_migrations" values (10, 'history', '18dfd4f3-12886', '2026-12-03 02:49:07.482');
insert into "hivewax_migrations" values (11, 'connections', 'bfe6a91c-408', '2026-12-03 02:49:07.485');
insert into "hivewax_migrations" values (12, 'author-counts', '811c9dc5-0', '2026-12-03 02:49:07.485');
insert into "hivewax_migrations" values (13, 'planning', 'e787e439-2086', '2026-12-03 02:49:07.492');
delete from "hivewax_counters";
insert into "hivewax_counters" values ('events_floor', 0);
insert into "hivewax_counters" values ('events_sealed', 16);
insert into "hivewax_counters" values ('find_events', 24);
insert into "hivewax_counters" values ('floor', 2);
insert into "hivewax_counters" values ('metrics_delete_ms', 0);
insert into "hivewax_counters" values ('metrics_rollup_ms', 2592000000);
insert into "hivewax_counters" values ('shared_floor', 0);
insert into "hivewax_counters" values ('shared_revision', 5);
insert into "hivewax_counters" values ('tallied_events', 24);
insert into "hivewax_counters" values ('tallied_memory_store', 4);
insert into "hivewax_counters" values ('tallied_tasks', 0);
delete from "memory_store";
insert into "memory_store" values (1, 'greeting', '{"text":"hello, bees"}', 'default', '{"by":"ada"}', '2026-12-03 02:49:07.501', '2026-12-03 02:49:07.501', NULL, 1, 773733458, '{"agent":"root","via":"library"}');
insert into "memory_store" values (2, 'limited', '"é 世界 🐝"', 'other', NULL, '2026-12-03 02:49:07.509', '2026-12-03 02:49:07.509', '2999-01-01 00:00:00.000', 1, 396869236, '{"agent":"root","via":"library"}');
insert into "memory_store" values (4, 'late', '"the last bees of the day"', 'default', NULL, '2026-12-03 02:49:08.498', '2026-12-03 02:49:08.498', NULL, 3, -1109927689, '{"agent":"root","via":"library"}');
delete from "sqlite_sequence";
insert into "sqlite_sequence" values ('memory_store', 4);
insert into "sqlite_sequence" values ('events', 24);
insert into "sqlite_sequence" values ('agent_memory', 2);
insert into "sqlite_sequence" values ('swarm_topology', 1);
insert into "sqlite_sequence" values ('performance_metrics', 4);
delete from "sessions";
insert into "sessions" values ('session', '{"step":1}', '2026-12-03 02:49:07.514', '2026-12-03 02:49:07.514', NULL, NULL, 1475906092, '{"agent":"root","via":"library"}');
delete from "agents";
insert into "agents" values ('ada', 'coder', '["typescript"]', NULL, 'swarm', '2026-12-03 02:49:07.517', '2026-12-03 02:49:07.535', NULL, 3, NULL, NULL, 'another boot', NULL, 1967547322, 2084319437, NULL, NULL);
insert into "agents" values ('bob', 'tester', NULL, NULL, NULL, '2026-12-03 02:49:07.520', '2026-12-03 02:49:07.550', NULL, 3, 1000, 9395487, 'another boot', NULL, 523762277, NULL, NULL, NULL);
delete from "tasks";
insert into "tasks" values ('build', 'build the comb', 'completed', 'high', 'ada', NULL, '{"done":true}', '2026-12-03 02:49:07.530', '2026-12-03 02:49:07.548', '2026-12-03 02:49:07.548', '{"cells":6}', NULL, NULL, 1796258947529000, 0, NULL, 3, NULL, null, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, 'default', NULL, '2026-12-03 02:49:07.546', 1393185013, 1537238919, NULL, 1221758371, NULL, 0, NULL, NULL);
insert into "tasks" values ('fill', 'fill the comb', 'pending', 'medium', NULL, '["build"]', NULL, '2026-12-03 02:49:07.530', NULL, '2026-12-03 02:49:07.530', NULL, NULL, NULL, 1796262547529001, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, 'fill-1', 'd78d86c4313e5a26c26927489431ba9e39213c68d686e36634978a375dd8eccc', NULL, 'default', NULL, NULL, -358810975, NULL, NULL, NULL, NULL, 0, NULL, NULL);
insert into "tasks" values ('test', 'test the comb', 'pending', 'medium', NULL, NULL, NULL, '2026-12-03 02:49:07.530', NULL, '2026-12-03 02:49:07.530', NULL, '["typescript"]', NULL, 1796262547529002, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, 'default', '["default","typescript"]', NULL, -1403085907, NULL, NULL, NULL, NULL, 0, NULL, NULL);
insert into "tasks" values ('later', 'a task for later', 'pending', 'medium', NULL, NULL, NULL, '2026-12-03 02:49:07.530', NULL, '2026-12-03 02:49:07.530', NULL, NULL, '2999-01-01 00:00:00.000', NULL, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL, 'default', NULL, NULL, 1603807638, NULL, NULL, NULL, NULL, 0, NULL, NULL);
insert into "tasks" values ('fragile', 'fails', 'dead', 'critical', 'ada', NULL, NULL, '2026-12-03 02:49:07.530', '2026-12-03 02:49:07.543', '2026-12-03 02:49:07.543', NULL, NULL, NULL, 1796255347529003, 0, NULL, 3, NULL, null, 1, 1, NULL, '[{"attempt":1,"agentId":"ada","error":"it broke","at":"2026-12-03T02:49:07.543Z"}]', NULL, NULL, NULL, NULL, 'default', NULL, '2026-12-03 02:49:07.540', 128984592, NULL, NULL, NULL, -997054878, 0, NULL, NULL);
insert into "tasks" values ('held', 'held when the program ended', 'running', 'medium', 'bob', NULL, NULL, '2026-12-03 02:49:07.530', NULL, '2026-12-03 02:49:07.551', NULL, NULL, NULL, 1796262547529004, 0, NULL, 3, 9395488, 'another boot', 1, 3, NULL, NULL, NULL, NULL, NULL, NULL, 'night', '["night"]', '2026-12-03 02:49:07.551', 1713911776, NULL, NULL, NULL, NULL, 0, NULL, NULL);
delete from "hivewax_task_dependencies";
insert into "hivewax_task_dependencies" values ('build', 'fill', 'fail', 0);
delete from "agent_memory";
insert into "agent_memory" values (1, 'ada', 'notes', '["bees","wax"]', '2026-12-03 02:49:07.524', '2026-12-03 02:49:07.525', 232747224, '{"agent":"root","via":"library"}', 4);
delete from "shared_state";
insert into "shared_state" values ('plan', '{"phase":2}', 'bob', 4, '2026-12-03 02:49:07.583', 2, NULL, 703422272, '{"agent":"root","via":"library"}');
insert into "shared_state" values ('bound', '1', NULL, 3, '2026-12-03 02:49:07.589', 5, '01a239ce-3f03-7721-8f17-9523ebb23b34', -919702603, '{"agent":"root","via":"library"}');
delete from "hivewax_shared_history";
insert into "hivewax_shared_history" values (1, 'plan', 3, '{"phase":1}', 'ada', '2026-12-03 02:49:07.582', NULL, -1299819517, '{"agent":"root","via":"library"}');
insert into "hivewax_shared_history" values (2, 'plan', 4, '{"phase":2}', 'bob', '2026-12-03 02:49:07.583', NULL, 703422272, '{"agent":"root","via":"library"}');
insert into "hivewax_shared_history" values (3, 'dropped', 3, '1', NULL, '2026-12-03 02:49:07.585', NULL, 826280734, '{"agent":"root","via":"library"}');
insert into "hivewax_shared_history" values (4, 'dropped', 4, NULL, NULL, '2026-12-03 02:49:07.586', NULL, NULL, '{"agent":"root","via":"library"}');
insert into "hivewax_shared_history" values (5, 'bound', 3, '1', NULL, '2026-12-03 02:49:07.589', NULL, -919702603, '{"agent":"root","via":"library"}');
delete from "hivewax_shared_tombstones";
insert into "hivewax_shared_tombstones" values ('dropped', 4);
delete from "events";
insert into "events" values (1, 'agent.registered', 'system', '{"agentId":"ada","swarmId":"swarm","incarnation":3}', '2026-12-03 02:49:07.518', 2037994969, '{"agent":"root","via":"library"}');
insert into "events" values (2, 'agent.registered', 'system', '{"agentId":"bob","swarmId":null,"incarnation":3}', '2026-12-03 02:49:07.520', 1616972710, '{"agent":"root","via":"library"}');
insert into "events" values (3, 'token.created', 'system', '{"tokenId":"467b1e2bc9ceb40b5c46","principal":"reader"}', '2026-12-03 02:49:07.527', -1559354162, '{"agent":"root","via":"library"}');
insert into "events" values (4, 'task.created', 'system', '{"taskId":"build","status":"pending"}', '2026-12-03 02:49:07.533', 196586681, '{"agent":"root","via":"library"}');
insert into "events" values (5, 'task.created', 'system', '{"taskId":"fill","status":"pending"}', '2026-12-03 02:49:07.533', -1492706684, '{"agent":"root","via":"library"}');
insert into "events" values (6, 'task.created', 'system', '{"taskId":"test","status":"pending"}', '2026-12-03 02:49:07.533', -628799241, '{"agent":"root","via":"library"}');
insert into "events" values (7, 'task.created', 'system', '{"taskId":"later","status":"pending"}', '2026-12-03 02:49:07.533', 1119909249, '{"agent":"root","via":"library"}');
insert into "events" values (8, 'task.created', 'system', '{"taskId":"fragile","status":"pending"}', '2026-12-03 02:49:07.533', 11278408, '{"agent":"root","via":"library"}');
insert into "events" values (9, 'task.created', 'system', '{"taskId":"held","status":"pending"}', '2026-12-03 02:49:07.533', -1780609145, '{"agent":"root","via":"library"}');
insert into "events" values (10, 'task.claimed', 'ada', '{"taskId":"fragile","status":"running","attempt":1,"token":3}', '2026-12-03 02:49:07.541', 904060776, '{"agent":"root","via":"library"}');
insert into "events" values (11, 'task.dead', 'ada', '{"taskId":"fragile","status":"dead","attempt":1,"agentId":"ada"}', '2026-12-03 02:49:07.544', 1850981582, '{"agent":"root","via":"library"}');
insert into "events" values (12, 'task.claimed', 'ada', '{"taskId":"build","status":"running","attempt":1,"token":3}', '2026-12-03 02:49:07.546', -112434349, '{"agent":"root","via":"library"}');
insert into "events" values (13, 'task.completed', 'ada', '{"taskId":"build","status":"completed","attempt":1}', '2026-12-03 02:49:07.549', -2107025224, '{"agent":"root","via":"library"}');
insert into "events" values (14, 'task.claimed', 'bob', '{"taskId":"held","status":"running","attempt":1,"token":3}', '2026-12-03 02:49:07.551', 442137349, '{"agent":"root","via":"library"}');
insert into "events" values (15, 'task.commented', 'system', '{"taskId":"build","status":"completed","comment":1}', '2026-12-03 02:49:07.580', 632181432, '{"agent":"root","via":"library"}');
insert into "events" values (16, 'swarm.started', 'ada', '{"bees":3}', '2026-12-03 02:49:07.590', -1286713517, '{"agent":"root","via":"library"}');
insert into "events" values (17, 'swarm.sealed', 'bob', NULL, '2026-12-03 02:49:07.594', -367066688, '{"agent":"root","via":"library"}');
insert into "events" values (18, 'workflow.started', 'system', '{"workflowId":"sleeper","workflowType":"import","status":"open"}', '2026-12-03 02:49:07.602', -703152745, '{"agent":"root","via":"library"}');
insert into "events" values (19, 'workflow.signalled', 'system', '{"workflowId":"sleeper","name":"go"}', '2026-12-03 02:49:07.605', 1977932757, '{"agent":"root","via":"library"}');
insert into "events" values (20, 'consensus.proposed', 'bob', '{"key":"leader","version":3,"status":"open","accepts":0,"rejects":0}', '2026-12-03 02:49:07.623', 550658288, '{"agent":"root","via":"library"}');
insert into "events" values (21, 'consensus.accepted', 'ada', '{"key":"leader","version":3,"status":"open","accepts":1,"rejects":0}', '2026-12-03 02:49:07.625', 513699415, '{"agent":"root","via":"library"}');
insert into "events" values (22, 'consensus.proposed', 'ada', '{"key":"decided","version":3,"status":"open","accepts":0,"rejects":0}', '2026-12-03 02:49:07.626', 858162847, '{"agent":"root","via":"library"}');
insert into "events" values (23, 'consensus.accepted', 'ada', '{"key":"decided","version":3,"status":"decided","accepts":1,"rejects":0}', '2026-12-03 02:49:07.627', 625227116, '{"agent":"root","via":"library"}');
insert into "events" values (24, 'consensus.decided', 'ada', '{"key":"decided","version":3,"status":"decided","accepts":1,"rejects":0}', '2026-12-03 02:49:07.627', -156726120, '{"agent":"root","via":"library"}');
delete from "hivewax_event_offsets";
insert into "hivewax_event_offsets" values ('readers', 16, '2026-12-03 02:49:07.591', NULL, 0, NULL, null);
delete from "patterns";
insert into "patterns" values ('retry', 'fix', '{"times":3}', 0.66666666666666663, 1, '2026-12-03 02:49:07.628', '2026-12-03 02:49:07.630', '2026-12-03 02:49:07.630', 1, 0, NULL, 0.5, 1.0, 0.0, 1332144200, '{"agent":"root","via":"library"}', 4);
delete from "performance_metrics";
insert into "performance_metrics" values (4, 'latency', 4.0, NULL, '2026-12-03 02:49:07.642', 749105949);
delete from "workflow_state";
insert into "workflow_state" values ('saved', 'import', '{"at":2}', '{"row":7}', '2026-12-03 02:49:07.598', '2026-12-03 02:49:07.599', 4, 1, 1484041397, 1344488807, 1037244947, '{"agent":"root","via":"library"}');
insert into "workflow_state" values ('sleeper', 'import', 'null', NULL, '2026-12-03 02:49:07.602', '2026-12-03 02:49:07.602', 2, 1, 1721921438, -793145262, NULL, '{"agent":"root","via":"library"}');
delete from "hivewax_workflow_history";
insert into "hivewax_workflow_history" values ('saved', 3, '{"at":1}', NULL, '2026-12-03 02:49:07.598', -604996738, NULL, '{"agent":"root","via":"library"}');
insert into "hivewax_workflow_history" values ('saved', 4, '{"at":2}', '{"row":7}', '2026-12-03 02:49:07.599', 1344488807, 1037244947, '{"agent":"root","via":"library"}');
delete from "hivewax_workflow_steps";
insert into "hivewax_workflow_steps" values ('saved', 'first', 0, '{"kept":true}', '2026-12-03 02:49:07.601', 'step', 1, -1962155761);
insert into "hivewax_workflow_steps" values ('sleeper', 'read', 0, '42', '2026-12-03 02:49:07.610', 'step', 1, -763036276);
delete from "swarm_topology";
insert into "swarm_topology" values (1, 'swarm', 'mesh', '["ada","bob"]', '[{"from":"ada","to":"bob"}]', NULL, '2026-12-03 02:49:07.621', 3, -1349872455, '{"agent":"root","via":"library"}');
delete from "consensus_state";
insert into "consensus_state" values ('leader', '"ada"', 3, 'bob', '["ada"]', '2026-12-03 02:49:07.622', 'open', '["ada","bob","cyd"]', 2, 1, 0, NULL, NULL, '[]', NULL, 165873204, -185103897, '{"agent":"root","via":"library"}');
insert into "consensus_state" values ('decided', '1', 3, 'ada', '["ada"]', '2026-12-03 02:49:07.626', 'decided', '["ada"]', 1, 1, 0, NULL, '2026-12-03 02:49:07.627', '[]', NULL, -104225956, -1156777679, '{"agent":"root","via":"library"}');
delete from "hivewax_votes";
insert into "hivewax_votes" values ('decided', 3, 'ada', 1, '2026-12-03 02:49:07.627', 1);
insert into "hivewax_votes" values ('leader', 3, 'ada', 1, '2026-12-03 02:49:07.624', 1);
delete from "hivewax_locks";
insert into "hivewax_locks" values ('held', 'bob', 3, 9395534, 'another boot', 0, '2026-12-03 02:49:07.597');
insert into "hivewax_locks" values ('released', NULL, 3, NULL, null, 0, '2026-12-03 02:49:07.595');
delete from "hivewax_access";
insert into "hivewax_access" values ('2026-12-03 02:49', 'default', 'greeting', 1);
delete from "hivewax_upkeep";
insert into "hivewax_upkeep" values ('backup', NULL, NULL, null, '2026-12-03 02:49:07.857');
insert into "hivewax_upkeep" values ('optimize', NULL, NULL, null, '2026-12-03 02:49:08.495');
delete from "hivewax_find_changes";
insert into "hivewax_find_changes" values (1, 'memory_store', 4);
delete from "hivewax_find_records";
insert into "hivewax_find_records" values (1, 'memory_store', 1, NULL);
insert into "hivewax_find_records" values (2, 'memory_store', 2, '2999-01-01 00:00:00.000');
insert into "hivewax_find_records" values (3, 'agent_memory', 1, NULL);
insert into "hivewax_find_records" values (4, 'events', 1, NULL);
insert into "hivewax_find_records" values (5, 'events', 2, NULL);
insert into "hivewax_find_records" values (6, 'events', 3, NULL);
insert into "hivewax_find_records" values (7, 'events', 4, NULL);
insert into "hivewax_find_records" values (8, 'events', 5, NULL);
insert into "hivewax_find_records" values (9, 'events', 6, NULL);
insert into "hivewax_find_records" values (10, 'events', 7, NULL);
insert into "hivewax_find_records" values (11, 'events', 8, NULL);
insert into "hivewax_find_records" values (12, 'events', 9, NULL);
insert into "hivewax_find_records" values (13, 'events', 10, NULL);
insert into "hivewax_find_records" values (14, 'events', 11, NULL);
insert into "hivewax_find_records" values (15, 'events', 12, NULL);
insert into "hivewax_find_records" values (16, 'events', 13, NULL);
insert into "hivewax_find_records" values (17, 'events', 14, NULL);
insert into "hivewax_find_records" values (18, 'events', 15, NULL);
insert into "hivewax_find_records" values (19, 'events', 16, NULL);
insert into "hivewax_find_records" values (20, 'events', 17, NULL);
insert into "hivewax_find_records" values (21, 'events', 18, NULL);
insert into "hivewax_find_records" values (22, 'events', 19, NULL);
insert into "hivewax_find_records" values (23, 'events', 20, NULL);
insert into "hivewax_find_records" values (24, 'events', 21, NULL);
insert into "hivewax_find_records" values (25, 'events', 22, NULL);
insert into "hivewax_find_records" values (26, 'events', 23, NULL);
insert into "hivewax_find_records" values (27, 'events', 24, NULL);
insert into "hivewax_find_records" values (28, 'tasks', 'build', NULL);
insert into "hivewax_find_records" values (29, 'tasks', 'fill', NULL);
insert into "hivewax_find_records" values (30, 'tasks', 'test', NULL);
insert into "hivewax_find_records" values (31, 'tasks', 'later', NULL);
insert into "hivewax_find_records" values (32, 'tasks', 'fragile', NULL);
insert into "hivewax_find_records" values (33, 'tasks', 'held', NULL);
insert into "hivewax_find_records" values (34, 'patterns', 'retry', NULL);
delete from "hivewax_find_data";
insert into "hivewax_find_data" values (1, X'2202548160');
insert into "hivewax_find_data" values (10, X'00000000FF000001020105000000010601010105000022');
insert into "hivewax_find_data" values (824633720833, X'000007FA0F303634363536363631373536633734010202020966373436383635373202020201046161646103060101020203626565030601020202046E6F746503060101030203776178030601020301026530170801020904010601020B010801020904010601020B010601020B0201310D0601020901060102090106010209010601020901060102090106010209060601020902060102090106010209020133040601020B010601020B080601020B020601020B020601020B02060102030406010205010601020501060102050106010205010601020502143436376231653262633963656234306235633436060601020502066163636570741706010208010C0101030102080106010208010C01010301020801060102080302646104060102050906010104010C01010401020D0106010104010601010403060101040506010104010601010401060101040106010104030467656E74040C010102010203010C010102010203090601020B0702696404060102020106010202090601020A03067474656D70740D0601020801060102080106010208010601020801060102080203626565130601020203026F6205060102050C0601010403060101040306010104030475696C6407060102050806010205010601020502060102050205636C61696D0D060101030206010103020601010303066F6D6D656E74120C0101030102080504706C6574100C010103010207020601020704066E73656E73751706010102010601010201060101020106010102010601010203047265617406060101030106010103010601010301060101030106010103010601010301060101030204646561640E0C01010301020704036369641906010203010801020306010E01010301020306020466696C6C08060102050305726167696C0B06010205020601020501060102050202676F1606010207020468656C640C060102050506010205020269640408010204060108010204060106010204010601020401060102040106010204010601020401060102040106010204010601020401080102040A01060102040106010204010601020401060102040306010204010601020403056D706F7274150601020903056E6361726E040601020A010601020A02036B65791706010202010601020201060102020106010202010601020202056C617465720A06010205030565616465721706010203010601020302046E616D6516060102060303756C6C050601020902046F70656E150601020B020601020701060102070106010207020470656E64070601020701060102070106010207010601020701060102070106010207030672696E636970060601020604046F706F7317060101030206010103020672656164657206060102070404676973740406010103010601010304046A656374170601020A010601020A010601020A010601020A010601020A0302756E0D060102070206010207020601020702047365616C1406010103030569676E616C160601010303066C6565706572150601020501060102050304746172741306010103020601010305027475070601020601060102060106010206010601020601060102060106010206010601020601060102060106010206010601020601060102060106010206030601020A0206010206010601020601060102060106010206010601020603047761726D04080102070401060102070E06010102010601010207026964040601020601060102060305797374656D04060101040106010104010601010401060101040106010104010601010401060101040106010104010601010406060101040306010104010601010402047461736B070C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203010C010102010203060269640706010202010601020201060102020106010202010601020201060102020106010202010601020201060102020106010202010601020201060102020303657374090601020503046F6B656E060C010102010203070601020A020601020A020601020A07026964060601020203037970651506010208020776657273696F6E170601020401060102040106010204010601020401060102040208776F726B666C6F77150E01010201020306010C0101020102030A026964150601020201060102020A03747970150601020601046D61646101060102060203626565010601020403017901060102050201650206010202020567726565740106010102020568656C6C6F010601020302056C696D6974020601010202047465787401060102020203E4B89602060102030503E7958C02060102040203E7958C020601020501027033220601020302036669782206010103020572657472692206010102020474696D652206010202010274361C060102080201611F0601020202056275696C641C0C010102010202020463656C6C1C0601020703036F6D621C06010204010601020401060102040204646F6E651C060102050203656E64210601020602046661696C20060102020303696C6C1D0C01010201020203026F721F060102040305726167696C2006010102020468656C64210C01010201020202056C617465721F0C010102010205020770726F6772616D210601020502047461736B1F0601020303036573741E0C010102010202030268651C0601020301060102030106010203030601020403037275651C0601020602047768656E210601020304130E0B0A0B0A1F303A1B27391B13210A181A16101321290E190B1609105C0C111E0C110B0A1A240D100D101F130B0C12105E1B0E4366400A1D090A221B0E0A0B0A08080C0C0C0B0A0A0A090A0C0B09080F0B140B0A0B0D090C0E0F0E0B0D180A');
delete from "hivewax_find_idx";
insert into "hivewax_find_idx" values (6, X'', 2);
delete from "hivewax_find_docsize";
insert into "hivewax_find_docsize" values (1, X'010105', 1);
insert into "hivewax_find_docsize" values (2, X'010104', 1);
insert into "hivewax_find_docsize" values (3, X'000202', 2);
insert into "hivewax_find_docsize" values (4, X'00030A', 3);
insert into "hivewax_find_docsize" values (5, X'00030A', 3);
insert into "hivewax_find_docsize" values (6, X'000306', 3);
insert into "hivewax_find_docsize" values (7, X'000306', 3);
insert into "hivewax_find_docsize" values (8, X'000306', 3);
insert into "hivewax_find_docsize" values (9, X'000306', 3);
insert into "hivewax_find_docsize" values (10, X'000306', 3);
insert into "hivewax_find_docsize" values (11, X'000306', 3);
insert into "hivewax_find_docsize" values (12, X'000306', 3);
insert into "hivewax_find_docsize" values (13, X'00030A', 3);
insert into "hivewax_find_docsize" values (14, X'00030C', 3);
insert into "hivewax_find_docsize" values (15, X'00030A', 3);
insert into "hivewax_find_docsize" values (16, X'000308', 3);
insert into "hivewax_find_docsize" values (17, X'00030A', 3);
insert into "hivewax_find_docsize" values (18, X'000308', 3);
insert into "hivewax_find_docsize" values (19, X'000302', 3);
insert into "hivewax_find_docsize" values (20, X'000300', 3);
insert into "hivewax_find_docsize" values (21, X'00030A', 3);
insert into "hivewax_find_docsize" values (22, X'000306', 3);
insert into "hivewax_find_docsize" values (23, X'00030A', 3);
insert into "hivewax_find_docsize" values (24, X'00030A', 3);
insert into "hivewax_find_docsize" values (25, X'00030A', 3);
insert into "hivewax_find_docsize" values (26, X'00030A', 3);
insert into "hivewax_find_docsize" values (27, X'00030A', 3);
insert into "hivewax_find_docsize" values (28, X'000107', 4);
insert into "hivewax_find_docsize" values (29, X'000103', 4);
insert into "hivewax_find_docsize" values (30, X'000103', 4);
insert into "hivewax_find_docsize" values (31, X'000104', 4);
insert into "hivewax_find_docsize" values (32, X'000101', 4);
insert into "hivewax_find_docsize" values (33, X'000105', 4);
insert into "hivewax_find_docsize" values (34, X'000202', 5);
delete from "hivewax_find_config";
insert into "hivewax_find_config" values ('version', 4);
delete from "hivewax_task_queues";
insert into "hivewax_task_queues" values ('night', 2);
delete from "hivewax_task_schedules";
insert into "hivewax_task_schedules" values ('yearly', '0 0 1 1 *', NULL, NULL, 'skip', '{"description":"count the bees"}', '2027-01-01 00:00:00.000', NULL, NULL, '2026-12-03 02:49:07.577', '2026-12-03 02:49:07.577', -1531043994);
delete from "hivewax_leases";
insert into "hivewax_leases" values ('01a239ce-3f03-7721-8f17-9523ebb23b34', NULL, 1000, 9395525, 'another boot', '2026-12-03 02:49:07.588');
delete from "hivewax_event_hashes";
insert into "hivewax_event_hashes" values (16, '0000000000000000000000000000000000000000000000000000000000000000');
insert into "hivewax_event_hashes" values (17, '983ebbc02d249ea597e9ffa2ad6f56508e80c821ee5014bdd9ce8b5b26c0ae03');
insert into "hivewax_event_hashes" values (18, '05c8d3d039f494861589e14278d46683f57a7e319005f571072479847b0fa339');
insert into "hivewax_event_hashes" values (19, '804a08e18dc4e793ae0bd1d6befafa4d8f51106ee772688ff2fce8ddddfb05dd');
insert into "hivewax_event_hashes" values (20, 'a41f74ecd7798c6354a7cc2c5ee8c3e8534e40095719c9fb730935383a3b89a8');
insert into "hivewax_event_hashes" values (21, '24604f004ec27ae3f617bf50e886fdcdc93d8dc4ac4cfb96ad246147a8a5cfe1');
insert into "hivewax_event_hashes" values (22, '51c6b598727449f6b19aada125910674a3bd921bdbdf0699ecc3ba044e110e76');
insert into "hivewax_event_hashes" values (23, 'eca447ff4cc4e64464a4c7e80eed214c713f2788797b5f5cbf781d6a82b6c9d2');
insert into "hivewax_event_hashes" values (24, 'c69d3a330adcca8fbde911533d2df76ce0347d6bef1a1add6a88f358dca78dcd');
delete from "hivewax_workflow_runs";
insert into "hivewax_workflow_runs" values ('sleeper', 'import', '1', '{"file":"a.csv"}', 'open', NULL, NULL, NULL, 3, NULL, null, 0, '1970-01-01 00:00:00.000', '[]', NULL, '2026-12-03 02:49:07.602', '2026-12-03 02:49:07.618', -772953163, NULL);
delete from "hivewax_workflow_signals";
insert into "hivewax_workflow_signals" values ('sleeper', 'go', '"now"', '2026-12-03 02:49:07.604', -438290623);
delete from "hivewax_workflow_timers";
insert into "hivewax_workflow_timers" values ('sleeper', 'until', 0, '2999-01-01 00:00:00.000');
delete from "hivewax_metric_rollups";
insert into "hivewax_metric_rollups" values ('latency', 'hour', '2026-01-02 03:00:00.000', '{"host":"a"}', 3, 6.0, 1.0, 3.0, '[0,[0,1,35,1,20,1],[]]', 618989601);
delete from "hivewax_metric_series";
insert into "hivewax_metric_series" values ('latency', '{"host":"a"}', '2026-12-03');
delete from "hivewax_tokens";
insert into "hivewax_tokens" values ('467b1e2bc9ceb40b5c46', 'reader', '964657b25327be2e7ed12d5ca29553492c677a53d19b49fb0fdd5f312f803dad', '["memory:read"]', '["other"]', NULL, '2026-12-03 02:49:07.527', NULL, -1995203465);
delete from "hivewax_tallies";
insert into "hivewax_tallies" values ('events', 'agent.registered', 2);
insert into "hivewax_tallies" values ('events', 'consensus.accepted', 2);
insert into "hivewax_tallies" values ('events', 'consensus.decided', 1);
insert into "hivewax_tallies" values ('events', 'consensus.proposed', 2);
insert into "hivewax_tallies" values ('events', 'swarm.sealed', 1);
insert into "hivewax_tallies" values ('events', 'swarm.started', 1);
insert into "hivewax_tallies" values ('events', 'task.claimed', 3);
insert into "hivewax_tallies" values ('events', 'task.commented', 1);
insert into "hivewax_tallies" values ('events', 'task.completed', 1);
insert into "hivewax_tallies" values ('events', 'task.created', 6);
insert into "hivewax_tallies" values ('events', 'task.dead', 1);
insert into "hivewax_tallies" values ('events', 'token.created', 1);
insert into "hivewax_tallies" values ('events', 'workflow.signalled', 1);
insert into "hivewax_tallies" values ('events', 'workflow.started', 1);
insert into "hivewax_tallies" values ('memory_store', 'default', 2);
insert into "hivewax_tallies" values ('memory_store', 'other', 1);
delete from "hivewax_event_spans";
insert into "hivewax_event_spans" values (24, 1, '2026-12-03 02:49:07.518', '2026-12-03 02:49:07.627');
delete from "hivewax_history_limits";
insert into "hivewax_history_limits" values ('notes', 5, 90);
delete from "hivewax_memory_history";
insert into "hivewax_memory_history" values ('default', 'gone', 1, '1', NULL, NULL, '{"agent":"root","via":"library"}', '2026-12-03 02:49:07.510', '2026-12-03 02:49:07.510', '2026-12-03 02:49:07.512', 1, '{"agent":"root","via":"library"}', NULL, NULL, 1533216125);
delete from "hivewax_agent_memory_history";
insert into "hivewax_agent_memory_history" values ('ada', 'notes', 3, '["bees"]', '{"agent":"root","via":"library"}', '2026-12-03 02:49:07.524', '2026-12-03 02:49:07.524', '2026-12-03 02:49:07.525', 0, NULL, NULL, NULL, -1600686202);
delete from "hivewax_pattern_history";
insert into "hivewax_pattern_history" values ('retry', 3, 'fix', '{"times":3}', NULL, 0.4, '{"agent":"root","via":"library"}', '2026-12-03 02:49:07.628', '2026-12-03 02:49:07.628', '2026-12-03 02:49:07.630', 0, NULL, NULL, NULL, 1332144200);
delete from "hivewax_agent_connections";
insert into "hivewax_agent_connections" values ('bob', 'first', 'another machine', '1 1');
delete from "hivewax_task_comments";
insert into "hivewax_task_comments" values ('build', 1, 'ready for review', '2026-12-03 02:49:07.579', '{"agent":"root","via":"library"}', 1391956791);
CREATE INDEX memory_store_by_namespace on memory_store (namespace, key);
CREATE INDEX sessions_by_access on sessions (last_accessed, id);
CREATE INDEX sessions_by_expiry on sessions (expires_at) where expires_at is not null;
CREATE INDEX agents_by_swarm on agents (swarm_id, id);
CREATE TRIGGER agents_floor after delete on agents begin
  update hivewax_counters set value = old.incarnation where name = 'floor' and value < old.incarnation;
end;
CREATE UNIQUE INDEX tasks_by_key on tasks (idempotency_key) where idempotency_key is not null;
CREATE INDEX tasks_unranked on tasks (run_at) where status = 'pending' and rank is null;
CREATE INDEX tasks_leased on tasks (lease_epoch, lease_until) where status = 'running';
CREATE INDEX hivewax_task_dependencies_by_parent on hivewax_task_dependencies (parent_id);
CREATE INDEX hivewax_shared_history_by_key on hivewax_shared_history (key, revision);
CREATE TRIGGER shared_state_tombstone after delete on shared_state begin
  insert into hivewax_shared_tombstones (key, version) values (old.key, coalesce(old.version, 1) + 1)
  on conflict (key) do update set
    version = case when version < excluded.version then excluded.version else version + 1 end;
end;
CREATE INDEX events_by_type on events (type, id);
CREATE INDEX patterns_by_confidence on patterns (type, confidence desc, id);
CREATE INDEX performance_metrics_by_name on performance_metrics (metric_name, timestamp);
CREATE INDEX performance_metrics_by_time on performance_metrics (timestamp);
CREATE INDEX workflow_state_by_update on workflow_state (updated_at, id);
CREATE TRIGGER workflow_state_floor after delete on workflow_state begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;
CREATE INDEX swarm_topology_by_swarm on swarm_topology (swarm_id, version);
CREATE TRIGGER swarm_topology_floor after delete on swarm_topology begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;
CREATE TRIGGER consensus_state_floor after delete on consensus_state begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;
CREATE TRIGGER consensus_state_final before update of value, status on consensus_state
when old.status = 'decided' begin
  select raise(abort, 'what was decided under this key is final');
end;
CREATE TRIGGER memory_store_find_insert after insert on memory_store begin
  insert into hivewax_find_changes (source, ref) values ('memory_store', new.id);
end;
CREATE TRIGGER memory_store_find_update after update of namespace, key, value, metadata, expires_at on memory_store
when old.namespace is not new.namespace or old.key is not new.key or old.value is not new.value or old.metadata is not new.metadata or old.expires_at is not new.expires_at begin
  insert into hivewax_find_changes (source, ref) values ('memory_store', new.id);
end;
CREATE TRIGGER memory_store_find_delete after delete on memory_store begin
  insert into hivewax_find_changes (source, ref) values ('memory_store', old.id);
end;
CREATE TRIGGER agent_memory_find_insert after insert on agent_memory begin
  insert into hivewax_find_changes (source, ref) values ('agent_memory', new.id);
end;
CREATE TRIGGER agent_memory_find_update after update of agent_id, key, value on agent_memory
when old.agent_id is not new.agent_id or old.key is not new.key or old.value is not new.value begin
  insert into hivewax_find_changes (source, ref) values ('agent_memory', new.id);
end;
CREATE TRIGGER agent_memory_find_delete after delete on agent_memory begin
  insert into hivewax_find_changes (source, ref) values ('agent_memory', old.id);
end;
CREATE TRIGGER events_find_update after update of type, source, data on events
when old.type is not new.type or old.source is not new.source or old.data is not new.data begin
  insert into hivewax_find_changes (source, ref) values ('events', new.id);
end;
CREATE TRIGGER events_find_delete after delete on events begin
  insert into hivewax_find_changes (source, ref) values ('events', old.id);
end;
CREATE TRIGGER tasks_find_insert after insert on tasks begin
  insert into hivewax_find_changes (source, ref) values ('tasks', new.id);
end;
CREATE TRIGGER tasks_find_update after update of id, description, payload, result on tasks
when old.id is not new.id or old.description is not new.description or old.payload is not new.payload or old.result is not new.result begin
  insert into hivewax_find_changes (source, ref) values ('tasks', new.id);
end;
CREATE TRIGGER tasks_find_delete after delete on tasks begin
  insert into hivewax_find_changes (source, ref) values ('tasks', old.id);
end;
CREATE TRIGGER patterns_find_insert after insert on patterns begin
  insert into hivewax_find_changes (source, ref) values ('patterns', new.id);
end;
CREATE TRIGGER patterns_find_update after update of id, type, pattern_data, metadata on patterns
when old.id is not new.id or old.type is not new.type or old.pattern_data is not new.pattern_data or old.metadata is not new.metadata begin
  insert into hivewax_find_changes (source, ref) values ('patterns', new.id);
end;
CREATE TRIGGER patterns_find_delete after delete on patterns begin
  insert into hivewax_find_changes (source, ref) values ('patterns', old.id);
end;
CREATE INDEX tasks_ready on tasks (lane, rank, id)
  where status = 'pending' and open_dependencies = 0 and rank is not null;
CREATE INDEX tasks_blocked on tasks (id)
  where status = 'pending' and open_dependencies > 0 and rank is not null;
CREATE INDEX tasks_unusual on tasks (status, id)
  where coalesce(status, '') not in ('pending', 'running', 'completed');
CREATE INDEX hivewax_task_schedules_due on hivewax_task_schedules (next_at) where next_at is not null;
CREATE INDEX hivewax_leases_by_end on hivewax_leases (lease_epoch, lease_until);
CREATE INDEX shared_state_by_lease on shared_state (lease_id) where lease_id is not null;
CREATE TRIGGER events_find_insert after insert on events
when new.id <= (select value from hivewax_counters where name = 'find_events') begin
  insert into hivewax_find_changes (source, ref) values ('events', new.id);
end;
CREATE TRIGGER hivewax_event_offsets_floor after delete on hivewax_event_offsets begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
CREATE INDEX hivewax_workflow_runs_open
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where status = 'open';
CREATE INDEX hivewax_workflow_runs_suspect
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where lapses > 0;
CREATE INDEX hivewax_workflow_runs_by_time on hivewax_workflow_runs (created_at, workflow_id);
CREATE TRIGGER hivewax_workflow_runs_floor after delete on hivewax_workflow_runs begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
CREATE INDEX hivewax_metric_rollups_by_time on hivewax_metric_rollups (resolution, window_start);
CREATE TRIGGER agents_type_crc after update of id, type, swarm_id on agents
when new.type_crc is old.type_crc and new.type_crc is not null and (old.id is not new.id or old.type is not new.type or old.swarm_id is not new.swarm_id) begin
  update agents set type_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER agents_capabilities_crc after update of id, capabilities on agents
when new.capabilities_crc is old.capabilities_crc and new.capabilities_crc is not null and (old.id is not new.id or old.capabilities is not new.capabilities) begin
  update agents set capabilities_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER agents_state_crc after update of id, state on agents
when new.state_crc is old.state_crc and new.state_crc is not null and (old.id is not new.id or old.state is not new.state) begin
  update agents set state_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER agents_metadata_crc after update of id, metadata on agents
when new.metadata_crc is old.metadata_crc and new.metadata_crc is not null and (old.id is not new.id or old.metadata is not new.metadata) begin
  update agents set metadata_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER tasks_payload_crc after update of id, payload on tasks
when new.payload_crc is old.payload_crc and new.payload_crc is not null and (old.id is not new.id or old.payload is not new.payload) begin
  update tasks set payload_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER tasks_progress_crc after update of id, progress on tasks
when new.progress_crc is old.progress_crc and new.progress_crc is not null and (old.id is not new.id or old.progress is not new.progress) begin
  update tasks set progress_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER tasks_result_crc after update of id, result on tasks
when new.result_crc is old.result_crc and new.result_crc is not null and (old.id is not new.id or old.result is not new.result) begin
  update tasks set result_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER tasks_errors_crc after update of id, errors on tasks
when new.errors_crc is old.errors_crc and new.errors_crc is not null and (old.id is not new.id or old.errors is not new.errors) begin
  update tasks set errors_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_task_schedules_crc after update of id, cron, every_ms, timezone, overlap, task on hivewax_task_schedules
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.cron is not new.cron or old.every_ms is not new.every_ms or old.timezone is not new.timezone or old.overlap is not new.overlap or old.task is not new.task) begin
  update hivewax_task_schedules set crc = null where id = new.id;
end;
CREATE TRIGGER performance_metrics_crc after update of metric_name, value, tags on performance_metrics
when new.crc is old.crc and new.crc is not null and (old.metric_name is not new.metric_name or old.value is not new.value or old.tags is not new.tags) begin
  update performance_metrics set crc = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_metric_rollups_crc after update of metric_name, resolution, tags, count, sum, min, max, sketch on hivewax_metric_rollups
when new.crc is old.crc and new.crc is not null and (old.metric_name is not new.metric_name or old.resolution is not new.resolution or old.tags is not new.tags or old.count is not new.count or old.sum is not new.sum or old.min is not new.min or old.max is not new.max or old.sketch is not new.sketch) begin
  update hivewax_metric_rollups set crc = null where metric_name = new.metric_name and resolution = new.resolution and window_start = new.window_start and tags = new.tags;
end;
CREATE TRIGGER workflow_state_type_crc after update of id, workflow_type on workflow_state
when new.type_crc is old.type_crc and new.type_crc is not null and (old.id is not new.id or old.workflow_type is not new.workflow_type) begin
  update workflow_state set type_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER workflow_state_checkpoint_crc after update of id, checkpoint_data on workflow_state
when new.checkpoint_crc is old.checkpoint_crc and new.checkpoint_crc is not null and (old.id is not new.id or old.checkpoint_data is not new.checkpoint_data) begin
  update workflow_state set checkpoint_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_workflow_history_checkpoint_crc after update of workflow_id, checkpoint_data on hivewax_workflow_history
when new.checkpoint_crc is old.checkpoint_crc and new.checkpoint_crc is not null and (old.workflow_id is not new.workflow_id or old.checkpoint_data is not new.checkpoint_data) begin
  update hivewax_workflow_history set checkpoint_crc = null where workflow_id = new.workflow_id and version = new.version;
end;
CREATE TRIGGER hivewax_workflow_steps_crc after update of workflow_id, step, iteration, kind, result on hivewax_workflow_steps
when new.crc is old.crc and new.crc is not null and (old.workflow_id is not new.workflow_id or old.step is not new.step or old.iteration is not new.iteration or old.kind is not new.kind or old.result is not new.result) begin
  update hivewax_workflow_steps set crc = null where workflow_id = new.workflow_id and step = new.step and iteration = new.iteration;
end;
CREATE TRIGGER hivewax_workflow_runs_input_crc after update of workflow_id, input on hivewax_workflow_runs
when new.input_crc is old.input_crc and new.input_crc is not null and (old.workflow_id is not new.workflow_id or old.input is not new.input) begin
  update hivewax_workflow_runs set input_crc = null where workflow_id = new.workflow_id;
end;
CREATE TRIGGER hivewax_workflow_runs_end_crc after update of workflow_id, result, error on hivewax_workflow_runs
when new.end_crc is old.end_crc and new.end_crc is not null and (old.workflow_id is not new.workflow_id or old.result is not new.result or old.error is not new.error) begin
  update hivewax_workflow_runs set end_crc = null where workflow_id = new.workflow_id;
end;
CREATE TRIGGER hivewax_workflow_signals_crc after update of workflow_id, name, payload on hivewax_workflow_signals
when new.crc is old.crc and new.crc is not null and (old.workflow_id is not new.workflow_id or old.name is not new.name or old.payload is not new.payload) begin
  update hivewax_workflow_signals set crc = null where workflow_id = new.workflow_id and name = new.name;
end;
CREATE TRIGGER consensus_state_votes_crc after update of key, acceptors, rejectors on consensus_state
when new.votes_crc is old.votes_crc and new.votes_crc is not null and (old.key is not new.key or old.acceptors is not new.acceptors or old.rejectors is not new.rejectors) begin
  update consensus_state set votes_crc = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_tokens_crc after update of id, principal, hash, permissions, namespaces, agent_id on hivewax_tokens
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.principal is not new.principal or old.hash is not new.hash or old.permissions is not new.permissions or old.namespaces is not new.namespaces or old.agent_id is not new.agent_id) begin
  update hivewax_tokens set crc = null where id = new.id;
end;
CREATE INDEX memory_store_pinned on memory_store (updated_at)
where replace(metadata, '"pinned":true', '') <> metadata;
CREATE INDEX memory_store_by_expiry on memory_store (expires_at, namespace) where expires_at is not null;
CREATE INDEX agents_present on agents (id) where lapsed_at is null or ttl_ms is null;
CREATE INDEX patterns_by_trust on patterns (confidence desc, id);
CREATE INDEX consensus_state_by_status on consensus_state (status, key);
CREATE INDEX hivewax_workflow_runs_by_status on hivewax_workflow_runs (status, created_at, workflow_id)
  where status <> 'completed';
CREATE INDEX hivewax_tokens_by_time on hivewax_tokens (created_at, id);
CREATE INDEX hivewax_locks_by_end on hivewax_locks (lease_epoch, lease_until) where owner is not null;
CREATE INDEX hivewax_leases_by_owner on hivewax_leases (owner) where owner is not null;
CREATE INDEX hivewax_event_offsets_by_owner on hivewax_event_offsets (owner) where owner is not null;
CREATE INDEX hivewax_workflow_runs_by_owner on hivewax_workflow_runs (owner) where owner is not null;
CREATE INDEX hivewax_tallies_gone on hivewax_tallies (source) where amount = 0;
CREATE TRIGGER memory_store_tally_delete after delete on memory_store when old.id <= (select value from hivewax_counters where name = 'tallied_memory_store') begin
  update hivewax_tallies set amount = amount - 1 where source = 'memory_store' and part = coalesce(old.namespace, '');
end;
CREATE TRIGGER tasks_tally_delete after delete on tasks when old.rowid <= (select value from hivewax_counters where name = 'tallied_tasks') begin
  update hivewax_tallies set amount = amount - 1 where source = 'tasks' and part = '';
  update hivewax_counters set value = (select coalesce(max(rowid), 0) from tasks where rowid < old.rowid)
  where name = 'tallied_tasks' and value = old.rowid;
end;
CREATE TRIGGER events_tally_delete after delete on events when old.id <= (select value from hivewax_counters where name = 'tallied_events') begin
  update hivewax_tallies set amount = amount - 1 where source = 'events' and part = old.type;
end;
CREATE TRIGGER memory_store_tally_update after update of namespace on memory_store
when coalesce(old.namespace, '') is not coalesce(new.namespace, '') and old.id <= (select value from hivewax_counters where name = 'tallied_memory_store') begin
  update hivewax_tallies set amount = amount - 1 where source = 'memory_store' and part = coalesce(old.namespace, '');
  insert into hivewax_tallies (source, part, amount) values ('memory_store', coalesce(new.namespace, ''), 1)
  on conflict (source, part) do update set amount = amount + 1;
end;
CREATE TRIGGER events_tally_update after update of type on events
when old.type is not new.type and old.id <= (select value from hivewax_counters where name = 'tallied_events') begin
  update hivewax_tallies set amount = amount - 1 where source = 'events' and part = old.type;
  insert into hivewax_tallies (source, part, amount) values ('events', new.type, 1)
  on conflict (source, part) do update set amount = amount + 1;
end;
CREATE TRIGGER events_tally_late after insert on events when new.id <= (select value from hivewax_counters where name = 'tallied_events') begin
  insert into hivewax_tallies (source, part, amount) values ('events', new.type, 1)
  on conflict (source, part) do update set amount = amount + 1;
  update hivewax_event_spans set first_id = min(first_id, new.id),
    earliest = coalesce(min(earliest, new.timestamp), new.timestamp, earliest),
    latest = coalesce(max(latest, new.timestamp), new.timestamp, latest)
  where last_id = (select min(last_id) from hivewax_event_spans where last_id >= new.id);
  insert into hivewax_event_spans (last_id, first_id, earliest, latest)
  select new.id, new.id, new.timestamp, new.timestamp
  where not exists (select 1 from hivewax_event_spans where last_id >= new.id);
end;
CREATE TRIGGER events_span_update after update of timestamp on events
when old.timestamp is not new.timestamp and new.id <= (select value from hivewax_counters where name = 'tallied_events') begin
  update hivewax_event_spans set first_id = min(first_id, new.id),
    earliest = coalesce(min(earliest, new.timestamp), new.timestamp, earliest),
    latest = coalesce(max(latest, new.timestamp), new.timestamp, latest)
  where last_id = (select min(last_id) from hivewax_event_spans where last_id >= new.id);
end;
CREATE TRIGGER memory_store_crc after update of namespace, key, value, metadata, author on memory_store
when new.crc is old.crc and new.crc is not null and (old.namespace is not new.namespace or old.key is not new.key or old.value is not new.value or old.metadata is not new.metadata or old.author is not new.author) begin
  update memory_store set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER sessions_crc after update of id, data, author on sessions
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.data is not new.data or old.author is not new.author) begin
  update sessions set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER agent_memory_crc after update of agent_id, key, value, author on agent_memory
when new.crc is old.crc and new.crc is not null and (old.agent_id is not new.agent_id or old.key is not new.key or old.value is not new.value or old.author is not new.author) begin
  update agent_memory set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER shared_state_crc after update of key, value, updated_by, author on shared_state
when new.crc is old.crc and new.crc is not null and (old.key is not new.key or old.value is not new.value or old.updated_by is not new.updated_by or old.author is not new.author) begin
  update shared_state set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_shared_history_crc after update of key, value, updated_by, author on hivewax_shared_history
when new.crc is old.crc and new.crc is not null and (old.key is not new.key or old.value is not new.value or old.updated_by is not new.updated_by or old.author is not new.author) begin
  update hivewax_shared_history set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER events_crc after update of id, type, source, data, author on events
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.type is not new.type or old.source is not new.source or old.data is not new.data or old.author is not new.author) begin
  update events set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER patterns_crc after update of id, type, pattern_data, metadata, author on patterns
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.type is not new.type or old.pattern_data is not new.pattern_data or old.metadata is not new.metadata or old.author is not new.author) begin
  update patterns set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER workflow_state_state_crc after update of id, state, author on workflow_state
when new.state_crc is old.state_crc and new.state_crc is not null and (old.id is not new.id or old.state is not new.state or old.author is not new.author) begin
  update workflow_state set state_crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_workflow_history_state_crc after update of workflow_id, state, author on hivewax_workflow_history
when new.state_crc is old.state_crc and new.state_crc is not null and (old.workflow_id is not new.workflow_id or old.state is not new.state or old.author is not new.author) begin
  update hivewax_workflow_history set state_crc = null, author = null where workflow_id = new.workflow_id and version = new.version;
end;
CREATE TRIGGER swarm_topology_crc after update of swarm_id, topology_type, nodes, edges, metadata, author on swarm_topology
when new.crc is old.crc and new.crc is not null and (old.swarm_id is not new.swarm_id or old.topology_type is not new.topology_type or old.nodes is not new.nodes or old.edges is not new.edges or old.metadata is not new.metadata or old.author is not new.author) begin
  update swarm_topology set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER consensus_state_crc after update of key, value, proposer, voters, weights, quorum, author on consensus_state
when new.crc is old.crc and new.crc is not null and (old.key is not new.key or old.value is not new.value or old.proposer is not new.proposer or old.voters is not new.voters or old.weights is not new.weights or old.quorum is not new.quorum or old.author is not new.author) begin
  update consensus_state set crc = null, author = null where rowid = new.rowid;
end;
CREATE TRIGGER hivewax_memory_history_crc after update of namespace, key, value, metadata, author on hivewax_memory_history
when new.crc is old.crc and new.crc is not null and (old.namespace is not new.namespace or old.key is not new.key or old.value is not new.value or old.metadata is not new.metadata or old.author is not new.author) begin
  update hivewax_memory_history set crc = null, author = null where namespace = new.namespace and key = new.key and revision = new.revision;
end;
CREATE TRIGGER hivewax_agent_memory_history_crc after update of agent_id, key, value, author on hivewax_agent_memory_history
when new.crc is old.crc and new.crc is not null and (old.agent_id is not new.agent_id or old.key is not new.key or old.value is not new.value or old.author is not new.author) begin
  update hivewax_agent_memory_history set crc = null, author = null where agent_id = new.agent_id and key = new.key and revision = new.revision;
end;
CREATE TRIGGER hivewax_pattern_history_crc after update of id, type, pattern_data, metadata, author on hivewax_pattern_history
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.type is not new.type or old.pattern_data is not new.pattern_data or old.metadata is not new.metadata or old.author is not new.author) begin
  update hivewax_pattern_history set crc = null, author = null where id = new.id and revision = new.revision;
end;
CREATE INDEX hivewax_memory_history_by_expiry on hivewax_memory_history (expires_at) where expires_at is not null;
CREATE TRIGGER memory_store_version before update on memory_store
when (new.revision = old.revision + 1 or (new.revision = old.revision and (old.value is not new.value or old.metadata is not new.metadata or old.expires_at is not new.expires_at)))
  and (old.expires_at is null or old.expires_at > coalesce(new.updated_at, strftime('%Y-%m-%d %H:%M:%f', 'now'))) and coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20) > 0
begin
  insert into hivewax_memory_history (namespace, key, revision, value, metadata, expires_at, author, created_at, updated_at, crc, replaced_at)
  select coalesce(old.namespace, ''), old.key, old.revision, old.value, old.metadata, old.expires_at, old.author, old.created_at, old.updated_at, old.crc, coalesce(new.updated_at, strftime('%Y-%m-%d %H:%M:%f', 'now')) where not exists (select 1 from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key and revision = old.revision);
  update hivewax_memory_history set value = null, metadata = null, expires_at = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and namespace = coalesce(old.namespace, '') and key = old.key and revision = (select revision from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key order by revision desc limit 1 offset coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20));
  delete from hivewax_memory_history where old.revision % 8 = 0 and namespace = coalesce(old.namespace, '') and key = old.key and revision < (select revision from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key order by revision desc limit 1 offset coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20));
end;
CREATE TRIGGER memory_store_revision after update of value, metadata, expires_at on memory_store
when new.revision = old.revision and (old.value is not new.value or old.metadata is not new.metadata or old.expires_at is not new.expires_at) begin
  update memory_store set revision = revision + 1 where rowid = new.rowid;
end;
CREATE TRIGGER memory_store_deleted after delete on memory_store begin
  update hivewax_counters set value = old.revision + 1 where name = 'floor' and value <= old.revision;
  insert into hivewax_memory_history (namespace, key, revision, value, metadata, expires_at, author, created_at, updated_at, crc, replaced_at, deleted)
  select coalesce(old.namespace, ''), old.key, old.revision, old.value, old.metadata, old.expires_at, old.author, old.created_at, old.updated_at, old.crc, strftime('%Y-%m-%d %H:%M:%f', 'now'), 1 where (old.expires_at is null or old.expires_at > strftime('%Y-%m-%d %H:%M:%f', 'now')) and coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20) > 0 and not exists (select 1 from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key and revision = old.revision);
  update hivewax_memory_history set value = null, metadata = null, expires_at = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and namespace = coalesce(old.namespace, '') and key = old.key and revision = (select revision from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key order by revision desc limit 1 offset coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20));
  delete from hivewax_memory_history where old.revision % 8 = 0 and namespace = coalesce(old.namespace, '') and key = old.key and revision < (select revision from hivewax_memory_history where namespace = coalesce(old.namespace, '') and key = old.key order by revision desc limit 1 offset coalesce((select versions from hivewax_history_limits where namespace = old.namespace), 20));
end;
CREATE TRIGGER agent_memory_version before update on agent_memory
when (new.revision = old.revision + 1 or (new.revision = old.revision and (old.value is not new.value)))
  and true and 20 > 0
begin
  insert into hivewax_agent_memory_history (agent_id, key, revision, value, author, created_at, updated_at, crc, replaced_at)
  select old.agent_id, old.key, old.revision, old.value, old.author, old.created_at, old.updated_at, old.crc, coalesce(new.updated_at, strftime('%Y-%m-%d %H:%M:%f', 'now')) where not exists (select 1 from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key and revision = old.revision);
  update hivewax_agent_memory_history set value = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and agent_id = old.agent_id and key = old.key and revision = (select revision from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key order by revision desc limit 1 offset 20);
  delete from hivewax_agent_memory_history where old.revision % 8 = 0 and agent_id = old.agent_id and key = old.key and revision < (select revision from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key order by revision desc limit 1 offset 20);
end;
CREATE TRIGGER agent_memory_revision after update of value on agent_memory
when new.revision = old.revision and (old.value is not new.value) begin
  update agent_memory set revision = revision + 1 where rowid = new.rowid;
end;
CREATE TRIGGER agent_memory_deleted after delete on agent_memory begin
  update hivewax_counters set value = old.revision + 1 where name = 'floor' and value <= old.revision;
  insert into hivewax_agent_memory_history (agent_id, key, revision, value, author, created_at, updated_at, crc, replaced_at, deleted)
  select old.agent_id, old.key, old.revision, old.value, old.author, old.created_at, old.updated_at, old.crc, strftime('%Y-%m-%d %H:%M:%f', 'now'), 1 where true and 20 > 0 and not exists (select 1 from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key and revision = old.revision);
  update hivewax_agent_memory_history set value = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and agent_id = old.agent_id and key = old.key and revision = (select revision from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key order by revision desc limit 1 offset 20);
  delete from hivewax_agent_memory_history where old.revision % 8 = 0 and agent_id = old.agent_id and key = old.key and revision < (select revision from hivewax_agent_memory_history where agent_id = old.agent_id and key = old.key order by revision desc limit 1 offset 20);
end;
CREATE TRIGGER patterns_version before update on patterns
when (new.revision = old.revision + 1 or (new.revision = old.revision and (old.type is not new.type or old.pattern_data is not new.pattern_data or old.metadata is not new.metadata or old.prior is not new.prior)))
  and true and 20 > 0
begin
  insert into hivewax_pattern_history (id, revision, type, pattern_data, metadata, prior, author, created_at, updated_at, crc, replaced_at)
  select old.id, old.revision, old.type, old.pattern_data, old.metadata, old.prior, old.author, old.created_at, old.updated_at, old.crc, coalesce(new.updated_at, strftime('%Y-%m-%d %H:%M:%f', 'now')) where not exists (select 1 from hivewax_pattern_history where id = old.id and revision = old.revision);
  update hivewax_pattern_history set type = null, pattern_data = null, metadata = null, prior = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and id = old.id and revision = (select revision from hivewax_pattern_history where id = old.id order by revision desc limit 1 offset 20);
  delete from hivewax_pattern_history where old.revision % 8 = 0 and id = old.id and revision < (select revision from hivewax_pattern_history where id = old.id order by revision desc limit 1 offset 20);
end;
CREATE TRIGGER patterns_revision after update of type, pattern_data, metadata, prior on patterns
when new.revision = old.revision and (old.type is not new.type or old.pattern_data is not new.pattern_data or old.metadata is not new.metadata or old.prior is not new.prior) begin
  update patterns set revision = revision + 1 where rowid = new.rowid;
end;
CREATE TRIGGER patterns_deleted after delete on patterns begin
  update hivewax_counters set value = old.revision + 1 where name = 'floor' and value <= old.revision;
  insert into hivewax_pattern_history (id, revision, type, pattern_data, metadata, prior, author, created_at, updated_at, crc, replaced_at, deleted)
  select old.id, old.revision, old.type, old.pattern_data, old.metadata, old.prior, old.author, old.created_at, old.updated_at, old.crc, strftime('%Y-%m-%d %H:%M:%f', 'now'), 1 where true and 20 > 0 and not exists (select 1 from hivewax_pattern_history where id = old.id and revision = old.revision);
  update hivewax_pattern_history set type = null, pattern_data = null, metadata = null, prior = null, author = null, crc = null, gone_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
  where old.revision % 8 = 0 and id = old.id and revision = (select revision from hivewax_pattern_history where id = old.id order by revision desc limit 1 offset 20);
  delete from hivewax_pattern_history where old.revision % 8 = 0 and id = old.id and revision < (select revision from hivewax_pattern_history where id = old.id order by revision desc limit 1 offset 20);
end;
CREATE INDEX hivewax_agent_connections_by_machine on hivewax_agent_connections (machine) where machine is not null;
CREATE INDEX tasks_by_parent on tasks (parent_task, id) where parent_task is not null;
CREATE TRIGGER tasks_crc after update of id, description, priority, dependencies, requires, queue, max_attempts, backoff, idempotency_key, created_by, labels, parent_task on tasks
when new.crc is old.crc and new.crc is not null and (old.id is not new.id or old.description is not new.description or old.priority is not new.priority or old.dependencies is not new.dependencies or old.requires is not new.requires or old.queue is not new.queue or old.max_attempts is not new.max_attempts or old.backoff is not new.backoff or old.idempotency_key is not new.idempotency_key or old.created_by is not new.created_by or old.labels is not new.labels or old.parent_task is not new.parent_task) begin
  update tasks set crc = null where rowid = new.rowid;
end;
CREATE TRIGGER tasks_floor after delete on tasks begin
  update hivewax_counters set value = max(old.token, old.revision)
  where name = 'floor' and value < max(old.token, old.revision);
end;
CREATE TRIGGER hivewax_task_comments_crc after update of task_id, number, body, author on hivewax_task_comments
when new.crc is old.crc and new.crc is not null and (old.task_id is not new.task_id or old.number is not new.number or old.body is not new.body or old.author is not new.author) begin
  update hivewax_task_comments set crc = null, author = null where task_id = new.task_id and number = new.number;
end;
