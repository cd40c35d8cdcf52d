pragma auto_vacuum=2;
pragma application_id=1752594296;
pragma user_version=1;
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
  revision integer not null default 1,
  unique (key, namespace)
);
CREATE TABLE sessions (
  id text primary key,
  data text not null,
  created_at text default current_timestamp,
  last_accessed text default current_timestamp,
  expires_at text,
  ttl_ms integer
);
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
);
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
);
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
  updated_at text default current_timestamp,
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
);
CREATE TABLE hivewax_shared_history (
  revision integer not null,
  key text not null,
  version integer not null,
  value text,
  updated_by text,
  updated_at text not null,
  transaction_id text,
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
);
CREATE TABLE hivewax_event_offsets (
  group_name text primary key,
  position integer not null,
  updated_at text not null
) without rowid;
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
);
CREATE TABLE performance_metrics (
  id integer primary key autoincrement,
  metric_name text not null,
  value real not null,
  tags text,
  timestamp text default current_timestamp
);
CREATE TABLE workflow_state (
  id text primary key,
  workflow_type text not null,
  state text not null,
  checkpoint_data text,
  created_at text default current_timestamp,
  updated_at text default current_timestamp,
  version integer not null default 1
);
CREATE TABLE hivewax_workflow_history (
  workflow_id text not null references workflow_state (id) on delete cascade,
  version integer not null,
  state text not null,
  checkpoint_data text,
  saved_at text not null,
  primary key (workflow_id, version)
) without rowid;
CREATE TABLE hivewax_workflow_steps (
  workflow_id text not null references workflow_state (id) on delete cascade,
  step text not null,
  iteration integer not null default 0,
  result text not null,
  completed_at text not null,
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
);
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
);
CREATE TABLE hivewax_votes (
  key text not null references consensus_state (key) on delete cascade,
  ballot integer not null,
  voter text not null,
  accepts integer not null,
  voted_at text not null,
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
delete from "hivewax_migrations";
insert into "hivewax_migrations" values (1, 'tables', '84964225-10608', '2026-12-01 17:54:49');
delete from "hivewax_counters";
insert into "hivewax_counters" values ('events_floor', 0);
insert into "hivewax_counters" values ('floor', 1);
insert into "hivewax_counters" values ('shared_floor', 0);
insert into "hivewax_counters" values ('shared_revision', 4);
delete from "memory_store";
insert into "memory_store" values (1, 'greeting', '{"text":"hello, bees"}', 'default', '{"by":"ada"}', '2026-12-01 17:54:49.408', '2026-12-01 17:54:49.408', NULL, 1);
insert into "memory_store" values (2, 'limited', '"é 世界 🐝"', 'other', NULL, '2026-12-01 17:54:49.471', '2026-12-01 17:54:49.471', '2999-01-01 00:00:00.000', 1);
insert into "memory_store" values (4, 'late', '"the last bees of the day"', 'default', NULL, '2026-12-01 17:54:50.480', '2026-12-01 17:54:50.480', NULL, 2);
delete from "sqlite_sequence";
insert into "sqlite_sequence" values ('memory_store', 4);
insert into "sqlite_sequence" values ('agent_memory', 1);
insert into "sqlite_sequence" values ('events', 18);
insert into "sqlite_sequence" values ('swarm_topology', 1);
insert into "sqlite_sequence" values ('performance_metrics', 4);
delete from "sessions";
insert into "sessions" values ('session', '{"step":1}', '2026-12-01 17:54:49.516', '2026-12-01 17:54:49.516', NULL, NULL);
delete from "agents";
insert into "agents" values ('ada', 'coder', '["typescript"]', NULL, 'swarm', '2026-12-01 17:54:49.531', '2026-12-01 17:54:49.531', NULL, 2, NULL, NULL, 'another boot', NULL);
insert into "agents" values ('bob', 'tester', NULL, NULL, NULL, '2026-12-01 17:54:49.540', '2026-12-01 17:54:49.540', NULL, 2, 1000, 1890338, 'another boot', NULL);
delete from "tasks";
insert into "tasks" values ('build', 'build the comb', 'completed', 'high', 'ada', NULL, '{"done":true}', '2026-12-01 17:54:49.567', '2026-12-01 17:54:49.644', '2026-12-01 17:54:49.644', '{"cells":6}', NULL, NULL, 1796140489563000, 0, NULL, 2, NULL, null, 1, 3, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "tasks" values ('fill', 'fill the comb', 'running', 'medium', 'bob', '["build"]', NULL, '2026-12-01 17:54:49.567', NULL, '2026-12-01 17:54:49.663', NULL, NULL, NULL, 1796144089564000, 0, NULL, 2, 1890461, 'another boot', 1, 3, NULL, NULL, NULL, 'fill-1', 'd78d86c4313e5a26c26927489431ba9e39213c68d686e36634978a375dd8eccc', NULL);
insert into "tasks" values ('test', 'test the comb', 'pending', 'medium', NULL, NULL, NULL, '2026-12-01 17:54:49.567', NULL, '2026-12-01 17:54:49.567', NULL, '["typescript"]', NULL, 1796144089564001, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "tasks" values ('later', 'a task for later', 'pending', 'medium', NULL, NULL, NULL, '2026-12-01 17:54:49.567', NULL, '2026-12-01 17:54:49.567', NULL, NULL, '2999-01-01 00:00:00.000', NULL, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "tasks" values ('fragile', 'fails', 'dead', 'critical', 'ada', NULL, NULL, '2026-12-01 17:54:49.567', '2026-12-01 17:54:49.619', '2026-12-01 17:54:49.619', NULL, NULL, NULL, 1796136889565000, 0, NULL, 2, NULL, null, 1, 1, NULL, '[{"attempt":1,"agentId":"ada","error":"it broke","at":"2026-12-01T17:54:49.619Z"}]', NULL, NULL, NULL, NULL);
insert into "tasks" values ('held', 'held when the program ended', 'pending', 'medium', NULL, NULL, NULL, '2026-12-01 17:54:49.567', NULL, '2026-12-01 17:54:49.567', NULL, NULL, NULL, 1796144089565001, 0, NULL, 0, NULL, null, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL);
delete from "hivewax_task_dependencies";
insert into "hivewax_task_dependencies" values ('build', 'fill', 'fail', 0);
delete from "agent_memory";
insert into "agent_memory" values (1, 'ada', 'notes', '["bees","wax"]', '2026-12-01 17:54:49.542', '2026-12-01 17:54:49.542');
delete from "shared_state";
insert into "shared_state" values ('plan', '{"phase":2}', 'bob', 3, '2026-12-01 17:54:49.688', 2);
delete from "hivewax_shared_history";
insert into "hivewax_shared_history" values (1, 'plan', 2, '{"phase":1}', 'ada', '2026-12-01 17:54:49.676', NULL);
insert into "hivewax_shared_history" values (2, 'plan', 3, '{"phase":2}', 'bob', '2026-12-01 17:54:49.688', NULL);
insert into "hivewax_shared_history" values (3, 'dropped', 2, '1', NULL, '2026-12-01 17:54:49.699', NULL);
insert into "hivewax_shared_history" values (4, 'dropped', 3, NULL, NULL, '2026-12-01 17:54:49.712', NULL);
delete from "hivewax_shared_tombstones";
insert into "hivewax_shared_tombstones" values ('dropped', 3);
delete from "events";
insert into "events" values (1, 'task.created', 'system', '{"taskId":"build","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (2, 'task.created', 'system', '{"taskId":"fill","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (3, 'task.created', 'system', '{"taskId":"test","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (4, 'task.created', 'system', '{"taskId":"later","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (5, 'task.created', 'system', '{"taskId":"fragile","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (6, 'task.created', 'system', '{"taskId":"held","status":"pending"}', '2026-12-01 17:54:49.568');
insert into "events" values (7, 'task.claimed', 'ada', '{"taskId":"fragile","status":"running","attempt":1,"token":2}', '2026-12-01 17:54:49.602');
insert into "events" values (8, 'task.dead', 'ada', '{"taskId":"fragile","status":"dead","attempt":1,"agentId":"ada"}', '2026-12-01 17:54:49.620');
insert into "events" values (9, 'task.claimed', 'ada', '{"taskId":"build","status":"running","attempt":1,"token":2}', '2026-12-01 17:54:49.632');
insert into "events" values (10, 'task.completed', 'ada', '{"taskId":"build","status":"completed","attempt":1}', '2026-12-01 17:54:49.645');
insert into "events" values (11, 'task.claimed', 'bob', '{"taskId":"fill","status":"running","attempt":1,"token":2}', '2026-12-01 17:54:49.664');
insert into "events" values (12, 'swarm.started', 'ada', '{"bees":3}', '2026-12-01 17:54:49.715');
insert into "events" values (13, 'swarm.sealed', 'bob', NULL, '2026-12-01 17:54:49.742');
insert into "events" values (14, 'consensus.proposed', 'bob', '{"key":"leader","version":2,"status":"open","accepts":0,"rejects":0}', '2026-12-01 17:54:49.839');
insert into "events" values (15, 'consensus.accepted', 'ada', '{"key":"leader","version":2,"status":"open","accepts":1,"rejects":0}', '2026-12-01 17:54:49.860');
insert into "events" values (16, 'consensus.proposed', 'ada', '{"key":"decided","version":2,"status":"open","accepts":0,"rejects":0}', '2026-12-01 17:54:49.866');
insert into "events" values (17, 'consensus.accepted', 'ada', '{"key":"decided","version":2,"status":"decided","accepts":1,"rejects":0}', '2026-12-01 17:54:49.879');
insert into "events" values (18, 'consensus.decided', 'ada', '{"key":"decided","version":2,"status":"decided","accepts":1,"rejects":0}', '2026-12-01 17:54:49.879');
delete from "hivewax_event_offsets";
insert into "hivewax_event_offsets" values ('readers', 12, '2026-12-01 17:54:49.728');
delete from "patterns";
insert into "patterns" values ('retry', 'fix', '{"times":3}', 0.66666666666666663, 1, '2026-12-01 17:54:49.891', '2026-12-01 17:54:49.898', '2026-12-01 17:54:49.891', 1, 0, NULL, 0.5, 1.0, 0.0);
delete from "performance_metrics";
insert into "performance_metrics" values (1, 'latency', 1.0, '{"host":"a"}', '2026-01-02 03:04:05.678');
insert into "performance_metrics" values (2, 'latency', 2.0, '{"host":"a"}', '2026-01-02 03:04:05.678');
insert into "performance_metrics" values (3, 'latency', 3.0, '{"host":"a"}', '2026-01-02 03:04:05.678');
insert into "performance_metrics" values (4, 'latency', 4.0, NULL, '2026-12-01 17:54:49.937');
delete from "workflow_state";
insert into "workflow_state" values ('saved', 'import', '{"at":2}', '{"row":7}', '2026-12-01 17:54:49.777', '2026-12-01 17:54:49.791', 3);
delete from "hivewax_workflow_history";
insert into "hivewax_workflow_history" values ('saved', 2, '{"at":1}', NULL, '2026-12-01 17:54:49.778');
insert into "hivewax_workflow_history" values ('saved', 3, '{"at":2}', '{"row":7}', '2026-12-01 17:54:49.791');
delete from "hivewax_workflow_steps";
insert into "hivewax_workflow_steps" values ('saved', 'first', 0, '{"kept":true}', '2026-12-01 17:54:49.804');
delete from "swarm_topology";
insert into "swarm_topology" values (1, 'swarm', 'mesh', '["ada","bob"]', '[{"from":"ada","to":"bob"}]', NULL, '2026-12-01 17:54:49.817', 2);
delete from "consensus_state";
insert into "consensus_state" values ('leader', '"ada"', 2, 'bob', '["ada"]', '2026-12-01 17:54:49.832', 'open', '["ada","bob","cyd"]', 2, 1, 0, NULL, NULL, '[]');
insert into "consensus_state" values ('decided', '1', 2, 'ada', '["ada"]', '2026-12-01 17:54:49.866', 'decided', '["ada"]', 1, 1, 0, NULL, '2026-12-01 17:54:49.878', '[]');
delete from "hivewax_votes";
insert into "hivewax_votes" values ('decided', 2, 'ada', 1, '2026-12-01 17:54:49.878');
insert into "hivewax_votes" values ('leader', 2, 'ada', 1, '2026-12-01 17:54:49.859');
delete from "hivewax_locks";
insert into "hivewax_locks" values ('held', 'bob', 2, 1890563, 'another boot', 0, '2026-12-01 17:54:49.765');
insert into "hivewax_locks" values ('released', NULL, 2, NULL, null, 0, '2026-12-01 17:54:49.759');
delete from "hivewax_access";
insert into "hivewax_access" values ('2026-12-01 17:54', 'default', 'greeting', 1);
delete from "hivewax_upkeep";
insert into "hivewax_upkeep" values ('backup', NULL, NULL, null, '2026-12-01 17:54:50.280');
CREATE INDEX memory_store_by_namespace on memory_store (namespace, key);
CREATE INDEX memory_store_by_expiry on memory_store (expires_at) where expires_at is not null;
CREATE TRIGGER memory_store_floor after delete on memory_store begin
  update hivewax_counters set value = old.revision where name = 'floor' and value < old.revision;
end;
CREATE INDEX sessions_by_access on sessions (last_accessed, id);
CREATE INDEX sessions_by_expiry on sessions (expires_at) where expires_at is not null;
CREATE INDEX agents_by_swarm on agents (swarm_id, id);
CREATE TRIGGER agents_floor after delete on agents begin
  update hivewax_counters set value = old.incarnation where name = 'floor' and value < old.incarnation;
end;
CREATE UNIQUE INDEX tasks_by_key on tasks (idempotency_key) where idempotency_key is not null;
CREATE INDEX tasks_by_status on tasks (status, id) where status <> 'running';
CREATE INDEX tasks_by_agent on tasks (assigned_to, id) where assigned_to is not null;
CREATE INDEX tasks_ready on tasks (requires, rank)
  where status = 'pending' and open_dependencies = 0 and rank is not null;
CREATE INDEX tasks_unranked on tasks (run_at) where status = 'pending' and rank is null;
CREATE INDEX tasks_leased on tasks (lease_epoch, lease_until) where status = 'running';
CREATE TRIGGER tasks_floor after delete on tasks begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
CREATE INDEX hivewax_task_dependencies_by_parent on hivewax_task_dependencies (parent_id);
CREATE INDEX hivewax_shared_history_by_key on hivewax_shared_history (key, revision);
CREATE TRIGGER shared_state_tombstone after delete on shared_state begin
  insert into hivewax_shared_tombstones (key, version) values (old.key, coalesce(old.version, 1) + 1)
  on conflict (key) do update set
    version = case when version < excluded.version then excluded.version else version + 1 end;
end;
CREATE INDEX events_by_type on events (type, id);
CREATE INDEX events_by_source on events (source, id);
CREATE INDEX events_by_time on events (timestamp);
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
