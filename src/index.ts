/// <reference types="node" preserve="true" />
/** Everything that the package offers, spelled out. */

export type { Agent } from './agents/agent.ts'
export type { AgentChange, Released } from './agents/agent-changes.ts'
export type { AgentMemoryFilter, AgentMemoryRecord, AgentMemoryVersion } from './agents/agent-memory.ts'
export type {
  AgentFilter,
  AgentPatch,
  DeleteAgentOptions,
  HeartbeatOptions,
  NewAgent,
  WatchAgentsOptions,
} from './agents/agents.ts'
export type { LapsedAgent } from './agents/holdings.ts'
export type { Briefing, BriefingOptions } from './briefing/briefing.ts'
export type { Reference, Section, SectionName } from './briefing/section.ts'
export type { ConsensusFilter, RecordedVote, Vote, VotesFilter } from './consensus/consensus.ts'
export type { ConsensusState, ConsensusStatus } from './consensus/consensus-state.ts'
export type { Proposal } from './consensus/proposal.ts'
export type { Quorum } from './consensus/quorum.ts'
export type { Author } from './db/author.ts'
export type { Executed, Row, Value } from './db/db.ts'
export type { Param } from './db/sql.ts'
export type { Durability } from './db/sqlite/open-sqlite.ts'
export {
  Busy,
  Closed,
  Conflict,
  Corrupt,
  Deadline,
  DiskFull,
  type ErrorCode,
  errorTable,
  HivewaxError,
  InvalidInput,
  NotFound,
  Storage,
  Unauthorized,
  Unsupported,
} from './errors.ts'
export type { ConsumerGroup } from './events/consumer-groups.ts'
export type { EventRecord, ListEventsOptions, NewEvent, SubscribeOptions } from './events/events.ts'
export type { EventFilter, EventRange } from './events/filter.ts'
export type { PruneOptions } from './events/prune-events.ts'
export type { Seal, Verification, VerifyOptions } from './events/seal.ts'
export type { Subscription } from './events/subscription.ts'
export type { Findings, FindOptions, Found } from './find/find.ts'
export type {
  ChangedRecord,
  ChangeOptions,
  ForgetOptions,
  Forgotten,
  ForgottenRecord,
  Undo,
  UndoneRecord,
  UndoOptions,
} from './history/history.ts'
export {
  type ImportFromOptions,
  type ImportReport,
  importFrom,
  type SectionReport,
} from './importers/import-from.ts'
export type {
  HistoryOptions,
  MemoryRecord,
  MemoryVersion,
  NamespaceCount,
  NamespaceOption,
  ReadOptions,
  RevertOptions,
  SearchOptions,
  StoreOptions,
} from './kv/kv.ts'
export type { CampaignOptions, Leader, Leadership, ObserveOptions } from './locks/leadership.ts'
export type { AcquireOptions, HeldLock, Lock, LockKey } from './locks/locks.ts'
export type { BackupOptions, BackupResult } from './maintenance/backup.ts'
export type { CleanupOptions, CleanupResult } from './maintenance/cleanup.ts'
export type { Diagnosis } from './maintenance/doctor.ts'
export type { VacuumOptions } from './maintenance/maintenance.ts'
export type { Orphan } from './maintenance/orphans.ts'
export type { PerformanceReport } from './maintenance/performance.ts'
export type { RecoverResult } from './maintenance/recover.ts'
export type { RestoreOptions, RestoreResult } from './maintenance/restore.ts'
export type { Stats } from './maintenance/stats.ts'
export type { HotKey, HotKeyOptions, Usage, UsageOptions } from './maintenance/usage.ts'
export {
  type ExportMemoryOptions,
  type ExportMemoryResult,
  exportMemory,
  type KeptFile,
} from './markdown/export-memory.ts'
export type { ActingOptions, Door, Memory, MemoryEvents } from './memory.ts'
export type { MetricFilter, MetricRecord, MetricRetention, NewMetric } from './metrics/metrics.ts'
export type { MetricSummary, SummaryOptions } from './metrics/summary.ts'
export type { Tags } from './metrics/tags.ts'
export { type OpenOptions, openMemory } from './open.ts'
export type {
  NewPattern,
  Pattern,
  PatternFilter,
  PatternVersion,
  RevertPatternOptions,
} from './patterns/patterns.ts'
export { type Permission, permissions } from './permission.ts'
export type {
  ReleaseReservationsOptions,
  RenewReservationOptions,
  Reservation,
  ReservationFilter,
  Reserved,
  ReserveOptions,
} from './reservations/reservations.ts'
export type { CreateSessionOptions, Session } from './sessions/sessions.ts'
export type {
  DeleteSharedOptions,
  SharedChange,
  SharedCondition,
  SharedEntry,
  SharedOutcome,
  SharedPage,
  SharedRevision,
  SharedStep,
  SharedTransaction,
  UpdateSharedOptions,
  WatchOptions,
} from './shared/shared.ts'
export type { GrantLeaseOptions, SharedLease } from './shared/shared-leases.ts'
export type { Backoff, NewBackoff, TaskError } from './tasks/attempts.ts'
export type { ClaimOptions } from './tasks/claim.ts'
export type { Priority } from './tasks/claim-order.ts'
export type { Completion, Failure, Heartbeat } from './tasks/claim-reports.ts'
export type { TaskComment } from './tasks/comments.ts'
export type { Dependency, OnFailure } from './tasks/dependencies.ts'
export { GiveUp, TryLater } from './tasks/give-up.ts'
export type { ListTasksOptions } from './tasks/list.ts'
export type { NewTask } from './tasks/new-task.ts'
export type { ClaimKey, StaleClaim } from './tasks/outcome.ts'
export type { PruneTasksOptions } from './tasks/prune-tasks.ts'
export type { TaskQueue } from './tasks/queue-limits.ts'
export type { RedriveOptions } from './tasks/redrive.ts'
export type { NewSchedule, Overlap, Schedule, ScheduledTask } from './tasks/schedule.ts'
export type { ClaimedTask, RenewedClaim, Task, TaskState, TaskStatus } from './tasks/task.ts'
export type { ClaimResults } from './tasks/task-calls.ts'
export type { TaskChanges } from './tasks/task-changes.ts'
export type { GraphOptions, TaskGraph } from './tasks/task-graph.ts'
export type { Job, TaskHandler, WorkOptions, WorkSummary } from './tasks/work-options.ts'
export type { Grant } from './tokens/token.ts'
export type { NewToken, Token } from './tokens/tokens.ts'
export type { Edge, Node } from './topology/node-graph.ts'
export type { TopologyType } from './topology/shapes.ts'
export type { AddNodeOptions, ChangeNodeOptions, NewTopology } from './topology/topology.ts'
export type { SwarmTopology } from './topology/versions.ts'
export type { Transaction, TransactionOptions } from './transaction.ts'
export type { Clock } from './util/clock.ts'
export type { Duration } from './util/duration.ts'
export type { Json } from './util/json.ts'
export type { Page, PageOptions } from './util/page.ts'
export type { TimeOrDuration } from './util/time-or-duration.ts'
export type { RunOptions, StartOptions } from './workflows/run-workflow.ts'
export type { RunFilter, WorkflowError, WorkflowRun, WorkflowStatus } from './workflows/runs.ts'
export type { Kept, StepKind, StepOptions, WorkflowStep } from './workflows/steps.ts'
export type { WorkflowSignal } from './workflows/waits.ts'
export type {
  RunStepOptions,
  StepCall,
  StepRetries,
  WaitOptions,
  WorkflowContext,
  WorkflowFunction,
} from './workflows/workflow-context.ts'
export type { ServeOptions, WorkflowCode } from './workflows/workflow-server.ts'
export type {
  SaveWorkflowOptions,
  WorkflowFilter,
  WorkflowRecord,
  WorkflowVersion,
} from './workflows/workflow-state.ts'
export type { ForkOptions } from './workflows/workflows.ts'
