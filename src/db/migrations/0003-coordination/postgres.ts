import { raiseFloor } from '../0001-tables/postgres-triggers.ts'

/** The part of PostgreSQL: there are no records to change yet. */
export const postgres = `
alter table tasks add column queue text collate "C" not null default 'default';
alter table tasks add column lane text collate "C";
alter table tasks add column claimed_at timestamptz(3);
create index tasks_ready on tasks (lane, rank, id)
  where status = 'pending' and open_dependencies = 0 and rank is not null;
create index tasks_blocked on tasks (id)
  where status = 'pending' and open_dependencies > 0 and rank is not null;
create index tasks_unusual on tasks (status, id)
  where coalesce(status, '') not in ('pending', 'running', 'completed');
create table hivewax_task_queues (
  name text collate "C" primary key,
  max_running bigint not null
);
create table hivewax_task_schedules (
  id text collate "C" primary key,
  cron text collate "C",
  every_ms bigint,
  timezone text collate "C",
  overlap text collate "C" not null default 'skip',
  task text collate "C" not null,
  next_at timestamptz(3),
  last_at timestamptz(3),
  last_task_id text collate "C",
  created_at timestamptz(3) not null default clock_timestamp(),
  updated_at timestamptz(3) not null default clock_timestamp()
);
create index hivewax_task_schedules_due on hivewax_task_schedules (next_at) where next_at is not null;

create table hivewax_leases (
  id text collate "C" primary key,
  owner text collate "C",
  ttl_ms bigint not null,
  lease_until bigint not null,
  lease_epoch text collate "C" not null,
  granted_at timestamptz(3) not null
);
create index hivewax_leases_by_end on hivewax_leases (lease_epoch, lease_until);
alter table shared_state add column lease_id text collate "C";
create index shared_state_by_lease on shared_state (lease_id) where lease_id is not null;

alter table hivewax_event_offsets add column owner text collate "C";
alter table hivewax_event_offsets add column token bigint not null default 0;
alter table hivewax_event_offsets add column lease_until bigint;
alter table hivewax_event_offsets add column lease_epoch text collate "C";
${raiseFloor('hivewax_event_offsets', 'token')}
create table hivewax_event_hashes (
  event_id bigint primary key,
  hash text collate "C" not null
);

create table hivewax_workflow_runs (
  workflow_id text collate "C" primary key references workflow_state (id) on delete cascade,
  workflow_type text collate "C" not null,
  code_version text collate "C" not null default '1',
  input text collate "C" not null default 'null',
  status text collate "C" not null default 'open',
  result text collate "C",
  error text collate "C",
  owner text collate "C",
  token bigint not null default 0,
  lease_until bigint,
  lease_epoch text collate "C",
  lapses bigint not null default 0,
  wake_at timestamptz(3),
  waits_for text collate "C",
  forked_from text collate "C",
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null
);
create index hivewax_workflow_runs_open
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where status = 'open';
create index hivewax_workflow_runs_suspect
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where lapses > 0;
create index hivewax_workflow_runs_by_time on hivewax_workflow_runs (created_at, workflow_id);
${raiseFloor('hivewax_workflow_runs', 'token')}
create table hivewax_workflow_signals (
  workflow_id text collate "C" not null references workflow_state (id) on delete cascade,
  name text collate "C" not null,
  payload text collate "C" not null,
  sent_at timestamptz(3) not null,
  primary key (workflow_id, name)
);
create table hivewax_workflow_timers (
  workflow_id text collate "C" not null references workflow_state (id) on delete cascade,
  step text collate "C" not null,
  iteration bigint not null default 0,
  due_at timestamptz(3) not null,
  primary key (workflow_id, step, iteration)
);
alter table hivewax_workflow_steps add column kind text collate "C" not null default 'step';
alter table hivewax_workflow_steps add column seq bigint not null default 0;
alter table workflow_state add column step_count bigint not null default 0;

alter table consensus_state add column weights text collate "C";
alter table hivewax_votes add column weight bigint not null default 1;

create table hivewax_metric_rollups (
  metric_name text collate "C" not null,
  resolution text collate "C" not null,
  window_start text collate "C" not null,
  tags text collate "C" not null default '',
  count bigint not null,
  sum double precision not null,
  min double precision not null,
  max double precision not null,
  sketch text collate "C" not null,
  primary key (metric_name, resolution, window_start, tags)
);
create index hivewax_metric_rollups_by_time on hivewax_metric_rollups (resolution, window_start);
create table hivewax_metric_series (
  metric_name text collate "C" not null,
  tags text collate "C" not null,
  seen_on text collate "C" not null,
  primary key (metric_name, tags)
);
insert into hivewax_counters (name, value) values ('metrics_rollup_ms', 0), ('metrics_delete_ms', 0);
`
