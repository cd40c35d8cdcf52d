/** The part of SQLite, whose comments tell for both engines what is kept where. */
export const sqlite = `
-- A claim and a completion touch these indexes, and each costs a page of the log: so there are as few as will do.
drop index tasks_by_status;
drop index tasks_by_agent;
drop index tasks_ready;
alter table tasks add column queue text not null default 'default';
-- queue and requirements in one, null for those of most tasks: tasks of one lane can all be claimed, or none
alter table tasks add column lane text;
alter table tasks add column claimed_at text;
update tasks set lane = '["default",' || substr(requires, 2) where requires is not null;
create index tasks_ready on tasks (lane, rank, id)
  where status = 'pending' and open_dependencies = 0 and rank is not null;
create index tasks_blocked on tasks (id)
  where status = 'pending' and open_dependencies > 0 and rank is not null;
create index tasks_unusual on tasks (status, id)
  where coalesce(status, '') not in ('pending', 'running', 'completed');
-- queues of which only so many tasks may run at once
create table hivewax_task_queues (
  name text primary key,
  max_running integer not null
) without rowid;
-- tasks that are created again and again, each when it is due, by whoever looks for work then
create table hivewax_task_schedules (
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
) without rowid;
create index hivewax_task_schedules_due on hivewax_task_schedules (next_at) where next_at is not null;

-- leases that keys of shared state are bound to: with the lease the keys go
create table hivewax_leases (
  id text primary key,
  owner text,
  ttl_ms integer not null,
  lease_until integer not null,
  lease_epoch text not null,
  granted_at text not null
) without rowid;
create index hivewax_leases_by_end on hivewax_leases (lease_epoch, lease_until);
alter table shared_state add column lease_id text;
create index shared_state_by_lease on shared_state (lease_id) where lease_id is not null;

drop index events_by_source;
drop index events_by_time;
-- Events are appended in the order of their ids, and indexed for search up to one of them: only what is written
-- behind that place must be marked.
drop trigger events_find_insert;
insert into hivewax_counters (name, value)
  select 'find_events', coalesce((select max(id) from events), 0);
create trigger events_find_insert after insert on events
when new.id <= (select value from hivewax_counters where name = 'find_events') begin
  insert into hivewax_find_changes (source, ref) values ('events', new.id);
end;
-- which consumer of a group has its events at present
alter table hivewax_event_offsets add column owner text;
alter table hivewax_event_offsets add column token integer not null default 0;
alter table hivewax_event_offsets add column lease_until integer;
alter table hivewax_event_offsets add column lease_epoch text;
create trigger hivewax_event_offsets_floor after delete on hivewax_event_offsets begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
-- each event's hash covers the one before it, from the event on at which the log was sealed first
create table hivewax_event_hashes (
  event_id integer primary key,
  hash text not null
);

-- the run of a workflow: its code, who works on it, and from when on it can go on; null: not before a signal
-- lapses: how often in a row it was taken over from a lease that had lapsed, without a step kept in between
create table hivewax_workflow_runs (
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
) without rowid;
create index hivewax_workflow_runs_open
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where status = 'open';
create index hivewax_workflow_runs_suspect
  on hivewax_workflow_runs (workflow_type, code_version, wake_at, updated_at) where lapses > 0;
create index hivewax_workflow_runs_by_time on hivewax_workflow_runs (created_at, workflow_id);
create trigger hivewax_workflow_runs_floor after delete on hivewax_workflow_runs begin
  update hivewax_counters set value = old.token where name = 'floor' and value < old.token;
end;
-- what workflows are told from outside: the first of a name is kept
create table hivewax_workflow_signals (
  workflow_id text not null references workflow_state (id) on delete cascade,
  name text not null,
  payload text not null,
  sent_at text not null,
  primary key (workflow_id, name)
) without rowid;
-- when sleeps and waits that are not over yet will be
create table hivewax_workflow_timers (
  workflow_id text not null references workflow_state (id) on delete cascade,
  step text not null,
  iteration integer not null default 0,
  due_at text not null,
  primary key (workflow_id, step, iteration)
) without rowid;
alter table hivewax_workflow_steps add column kind text not null default 'step';
-- steps of a workflow in the order they were done, counted by the workflow
alter table hivewax_workflow_steps add column seq integer not null default 0;
alter table workflow_state add column step_count integer not null default 0;
update hivewax_workflow_steps set seq = numbered.n from (
  select workflow_id as w, step as s, iteration as i,
    row_number() over (partition by workflow_id order by completed_at, step, iteration) as n
  from hivewax_workflow_steps) as numbered
where workflow_id = w and step = s and iteration = i;
update workflow_state
  set step_count = (select count(*) from hivewax_workflow_steps where workflow_id = workflow_state.id);

alter table consensus_state add column weights text;
alter table hivewax_votes add column weight integer not null default 1;

-- closed windows of a metric in figures that can be merged
create table hivewax_metric_rollups (
  metric_name text not null,
  resolution text not null,
  window_start text not null,
  tags text not null default '',
  count integer not null,
  sum real not null,
  min real not null,
  max real not null,
  sketch text not null,
  primary key (metric_name, resolution, window_start, tags)
) without rowid;
create index hivewax_metric_rollups_by_time on hivewax_metric_rollups (resolution, window_start);
-- the combinations of tags of each metric, which are limited, and the day on which each was recorded last
create table hivewax_metric_series (
  metric_name text not null,
  tags text not null,
  seen_on text not null,
  primary key (metric_name, tags)
) without rowid;
-- how old measurements and figures become, in milliseconds; 0: as old as may be
insert into hivewax_counters (name, value) values ('metrics_rollup_ms', 0), ('metrics_delete_ms', 0);
`
