/** Indexes that both engines have, in the words that both understand. */
export const indexes = `
drop index memory_store_by_expiry;
create index memory_store_by_expiry on memory_store (expires_at, namespace) where expires_at is not null;
create index agents_present on agents (id) where lapsed_at is null or ttl_ms is null;
create index patterns_by_trust on patterns (confidence desc, id);
create index consensus_state_by_status on consensus_state (status, key);
create index hivewax_workflow_runs_by_status on hivewax_workflow_runs (status, created_at, workflow_id)
  where status <> 'completed';
create index hivewax_tokens_by_time on hivewax_tokens (created_at, id);
-- what an agent holds
create index hivewax_locks_by_end on hivewax_locks (lease_epoch, lease_until) where owner is not null;
create index hivewax_leases_by_owner on hivewax_leases (owner) where owner is not null;
create index hivewax_event_offsets_by_owner on hivewax_event_offsets (owner) where owner is not null;
create index hivewax_workflow_runs_by_owner on hivewax_workflow_runs (owner) where owner is not null;
`
