/** The part of SQLite, whose comments tell for both engines what is kept where. */
export const sqlite = `
create table hivewax_migrations (
  id integer primary key,
  name text not null,
  checksum text not null,
  applied_at text not null default current_timestamp
);

-- floor: no revision, version, token or ballot up to it is ever issued to a new row, so none is issued twice
-- events_floor, shared_floor: the last event and the last revision of shared state whose record was pruned
create table hivewax_counters (
  name text primary key,
  value integer not null
) without rowid;
insert into hivewax_counters (name, value) values
  ('floor', 0), ('shared_revision', 0), ('events_floor', 0), ('shared_floor', 0);

create table memory_store (
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
create index memory_store_by_namespace on memory_store (namespace, key);
create index memory_store_by_expiry on memory_store (expires_at) where expires_at is not null;
create trigger memory_store_floor after delete on memory_store begin
  update hivewax_counters set value = old.revision where name = 'floor' and value < old.revision;
end;

create table sessions (
  id text primary key,
  data text not null,
  created_at text default current_timestamp,
  last_accessed text default current_timestamp,
  expires_at text,
  ttl_ms integer
);
create index sessions_by_access on sessions (last_accessed, id);
create index sessions_by_expiry on sessions (expires_at) where expires_at is not null;

create table agents (
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
create index agents_by_swarm on agents (swarm_id, id);
create trigger agents_floor after delete on agents begin
  update hivewax_counters set value = old.incarnation where name = 'floor' and value < old.incarnation;
end;

create table tasks (
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
create unique index tasks_by_key on tasks (idempotency_key) where idempotency_key is not null;
-- running tasks, which are few and come and go, are found by tasks_leased; nor can the planner then serve by this
-- index, whose share grows with the backlog, what the three below are for
create index tasks_by_status on tasks (status, id) where status <> 'running';
create index tasks_by_agent on tasks (assigned_to, id) where assigned_to is not null;
create index tasks_ready on tasks (requires, rank)
  where status = 'pending' and open_dependencies = 0 and rank is not null;
create index tasks_unranked on tasks (run_at) where status = 'pending' and rank is null;
create index tasks_leased on tasks (lease_epoch, lease_until) where status = 'running';
create trigger tasks_floor after delete on tasks begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
-- an edge is open until its parent has ended
create table hivewax_task_dependencies (
  parent_id text not null references tasks (id) on delete cascade,
  child_id text not null references tasks (id) on delete cascade,
  on_failure text not null default 'fail',
  open integer not null default 1,
  primary key (child_id, parent_id)
) without rowid;
create index hivewax_task_dependencies_by_parent on hivewax_task_dependencies (parent_id);

create table agent_memory (
  id integer primary key autoincrement,
  agent_id text not null,
  key text not null,
  value text not null,
  created_at text default current_timestamp,
  updated_at text default current_timestamp,
  unique (agent_id, key),
  foreign key (agent_id) references agents (id)
);

create table shared_state (
  key text primary key,
  value text not null,
  updated_by text,
  version integer default 1,
  updated_at text default current_timestamp,
  revision integer not null default 0
);
-- every change of shared state, one revision for all changes of a transaction; a null value is a delete
create table hivewax_shared_history (
  revision integer not null,
  key text not null,
  version integer not null,
  value text,
  updated_by text,
  updated_at text not null,
  transaction_id text,
  primary key (revision, key, version)
);
create index hivewax_shared_history_by_key on hivewax_shared_history (key, revision);
-- the versions at which keys were deleted last, by whichever SQL, so that a recreated key continues its count
create table hivewax_shared_tombstones (
  key text primary key,
  version integer not null
) without rowid;
create trigger shared_state_tombstone after delete on shared_state begin
  insert into hivewax_shared_tombstones (key, version) values (old.key, coalesce(old.version, 1) + 1)
  on conflict (key) do update set
    version = case when version < excluded.version then excluded.version else version + 1 end;
end;

create table events (
  id integer primary key autoincrement,
  type text not null,
  source text not null,
  data text,
  timestamp text default current_timestamp
);
create index events_by_type on events (type, id);
create index events_by_source on events (source, id);
create index events_by_time on events (timestamp);
-- how far each group of consumers has got
create table hivewax_event_offsets (
  group_name text primary key,
  position integer not null,
  updated_at text not null
) without rowid;

create table patterns (
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
create index patterns_by_confidence on patterns (type, confidence desc, id);

create table performance_metrics (
  id integer primary key autoincrement,
  metric_name text not null,
  value real not null,
  tags text,
  timestamp text default current_timestamp
);
create index performance_metrics_by_name on performance_metrics (metric_name, timestamp);
create index performance_metrics_by_time on performance_metrics (timestamp);

create table workflow_state (
  id text primary key,
  workflow_type text not null,
  state text not null,
  checkpoint_data text,
  created_at text default current_timestamp,
  updated_at text default current_timestamp,
  version integer not null default 1
);
create index workflow_state_by_update on workflow_state (updated_at, id);
create trigger workflow_state_floor after delete on workflow_state begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;
create table hivewax_workflow_history (
  workflow_id text not null references workflow_state (id) on delete cascade,
  version integer not null,
  state text not null,
  checkpoint_data text,
  saved_at text not null,
  primary key (workflow_id, version)
) without rowid;
-- write-once results of steps: what was committed here never runs again
create table hivewax_workflow_steps (
  workflow_id text not null references workflow_state (id) on delete cascade,
  step text not null,
  iteration integer not null default 0,
  result text not null,
  completed_at text not null,
  primary key (workflow_id, step, iteration)
) without rowid;

create table swarm_topology (
  id integer primary key autoincrement,
  swarm_id text not null,
  topology_type text not null,
  nodes text not null,
  edges text,
  metadata text,
  created_at text default current_timestamp,
  version integer not null default 1
);
create index swarm_topology_by_swarm on swarm_topology (swarm_id, version);
create trigger swarm_topology_floor after delete on swarm_topology begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;

create table consensus_state (
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
create trigger consensus_state_floor after delete on consensus_state begin
  update hivewax_counters set value = old.version where name = 'floor' and value < old.version;
end;
create trigger consensus_state_final before update of value, status on consensus_state
when old.status = 'decided' begin
  select raise(abort, 'what was decided under this key is final');
end;
create table hivewax_votes (
  key text not null references consensus_state (key) on delete cascade,
  ballot integer not null,
  voter text not null,
  accepts integer not null,
  voted_at text not null,
  primary key (key, ballot, voter)
) without rowid;

-- a released lock keeps its row, so that its fencing token goes on rising
create table hivewax_locks (
  name text primary key,
  owner text,
  token integer not null,
  lease_until integer,
  lease_epoch text,
  delay_ms integer not null default 0,
  acquired_at text
) without rowid;

-- reads per key and minute, flushed in batches
create table hivewax_access (
  minute text not null,
  namespace text not null,
  key text not null,
  reads integer not null,
  primary key (minute, namespace, key)
) without rowid;
-- what is done to the store itself: who does it at present (a lease), and when it was last done
create table hivewax_upkeep (
  name text primary key,
  owner text,
  lease_until integer,
  lease_epoch text,
  done_at text
) without rowid;
`
