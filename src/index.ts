/** Everything that the package offers, spelled out. */

export type { AgentMemoryFilter, AgentMemoryRecord } from './agents/agent-memory.ts'
export type {
  Agent,
  AgentFilter,
  AgentPatch,
  DeleteAgentOptions,
  HeartbeatOptions,
  NewAgent,
} from './agents/agents.ts'
export type { ConsensusFilter, Vote } from './consensus/consensus.ts'
export type { Proposal } from './consensus/proposal.ts'
export type { Quorum } from './consensus/quorum.ts'
export type { ConsensusState, ConsensusStatus } from './consensus/state.ts'
export type { Executed, Row, Value } from './db/db.ts'
export type { Param } from './db/sql.ts'
export type { Durability } from './db/sqlite/open.ts'
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
export type {
  ConsumerGroup,
  EventFilter,
  EventRecord,
  ListEventsOptions,
  NewEvent,
  SubscribeOptions,
} from './events/events.ts'
export type { FindOptions, Found } from './find/find.ts'
export type { MemoryRecord, NamespaceCount, NamespaceOption, SearchOptions, StoreOptions } from './kv/kv.ts'
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
export type { Memory, MemoryEvents } from './memory.ts'
export type { MetricFilter, MetricRecord, NewMetric } from './metrics/metrics.ts'
export type { MetricSummary, SummaryOptions } from './metrics/summary.ts'
export type { Tags } from './metrics/tags.ts'
export { type OpenOptions, openMemory } from './open.ts'
export type { NewPattern, Pattern, PatternFilter } from './patterns/patterns.ts'
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
export type { Backoff, NewBackoff, TaskError } from './tasks/attempts.ts'
export type { ClaimOptions } from './tasks/claim.ts'
export type { Dependency, OnFailure } from './tasks/dependencies.ts'
export type { GraphOptions, TaskGraph } from './tasks/graph.ts'
export type { NewTask } from './tasks/new-task.ts'
export type { ClaimKey, StaleClaim } from './tasks/outcome.ts'
export type { Priority } from './tasks/rank.ts'
export type { ClaimedTask, Task, TaskState, TaskStatus } from './tasks/task.ts'
export type {
  ClaimResults,
  Completion,
  Failure,
  Heartbeat,
  ListTasksOptions,
  RedriveOptions,
} from './tasks/tasks.ts'
export type { Edge, Node } from './topology/graph.ts'
export type { TopologyType } from './topology/shapes.ts'
export type { NewTopology, SwarmTopology } from './topology/topology.ts'
export type { Transaction, TransactionOptions } from './transaction.ts'
export type { Clock } from './util/clock.ts'
export type { Duration } from './util/duration.ts'
export type { Json } from './util/json.ts'
export type { Moment } from './util/moment.ts'
export type { Page, PageOptions } from './util/page.ts'
export type {
  SaveWorkflowOptions,
  StepOptions,
  WorkflowFilter,
  WorkflowRecord,
  WorkflowStep,
  WorkflowVersion,
} from './workflows/workflows.ts'
