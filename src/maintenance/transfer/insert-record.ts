import { ensureAgent, firstIncarnation } from '../../agents/ensure-agent.ts'
import type { Context } from '../../context.ts'
import { importedAuthor } from '../../db/author.ts'
import type { Dialect } from '../../db/db.ts'
import { type Sql, sql } from '../../db/sql.ts'
import { encodeTags } from '../../metrics/tags.ts'
import { SharedState } from '../../shared/shared.ts'
import { defaultMaxAttempts } from '../../tasks/attempts.ts'
import { defaultQueue } from '../../tasks/lanes.ts'
import { encodeJson, type Json } from '../../util/json.ts'
import { Workflows } from '../../workflows/workflows.ts'
import { upsertRecord } from './import-namespace.ts'
import type {
  IncomingAgent,
  IncomingAgentMemory,
  IncomingMetric,
  IncomingPattern,
  IncomingRecord,
  IncomingSession,
  IncomingTask,
} from './incoming-record.ts'

/** How long a merged agent lives after a heartbeat, should it send one without registering. */
const agentTtlMs = 60_000

/**
 * Writes a record within a transaction, times included; one of key-value memory, or of an agent's own, replaces what has its key. Shared
 * state and workflows are saved as their domains save them: those have a history, whose times are the store's own.
 */
export async function insertRecord(context: Context, record: IncomingRecord): Promise<void> {
  const { dialect } = context.db
  const author = importedAuthor(context.db.author, 'author' in record ? record.author : undefined)
  const encode = (what: string, value: Json | undefined) =>
    value === undefined ? undefined : encodeJson(what, value, context.maxValueBytes)
  switch (record.kind) {
    case 'memory': {
      const value = encodeJson('value', record.value, context.maxValueBytes)
      const row = {
        ...record,
        value,
        metadata: encode('metadata', record.metadata),
        expiresAt: record.expiresAt,
        author,
      }
      await context.db.all(upsertRecord(dialect, { ...row, namespace: record.namespace }))
      return
    }
    case 'agent_memory':
      await ensureAgent(context.db, record.agentId)
      await context.db.all(insertAgentMemory(dialect, { ...record, author }, encode))
      return
    case 'shared':
      await new SharedState(context).update(record.key, record.value, { expectedVersion: 0 })
      return
    case 'workflow':
      await new Workflows(context).save(record.id, record.state, { workflowType: record.workflowType })
      return
    case 'pattern':
      await context.db.all(insertPattern(dialect, { ...record, author }, encode))
      return
    case 'session':
      await context.db.all(insertSession(dialect, { ...record, author }, encode))
      return
    case 'agent':
      await context.db.all(insertAgent(dialect, record, encode))
      return
    case 'task':
      await context.db.all(insertTask(dialect, record, encode))
      return
    case 'metric':
      await context.db.all(insertMetric(dialect, record))
  }
}

type Authored<T> = Omit<T, 'author'> & { author: string }

type Encode = (what: string, value: Json | undefined) => string | undefined

function insertAgentMemory({ checksum }: Dialect, record: Authored<IncomingAgentMemory>, json: Encode): Sql {
  const { agentId, key, createdAt, updatedAt, author } = record
  const value = json('value', record.value)
  const crc = checksum('agent_memory', 'crc', { agent_id: agentId, key, value, author })
  return sql`
    insert into agent_memory (agent_id, key, value, created_at, updated_at, author, crc, revision)
    values (${agentId}, ${key}, ${value}, ${createdAt}, ${updatedAt}, ${author}, ${crc},
            (select value + 1 from hivewax_counters where name = 'floor'))
    on conflict (agent_id, key) do update set
      value = excluded.value, created_at = excluded.created_at, updated_at = excluded.updated_at,
      author = excluded.author, crc = excluded.crc, revision = agent_memory.revision + 1`
}

function insertPattern({ checksum }: Dialect, pattern: Authored<IncomingPattern>, json: Encode): Sql {
  const { id, type, confidence, usageCount, successes, failures, createdAt, updatedAt, lastUsed, author } =
    pattern
  const data = json('patternData', pattern.patternData) ?? 'null'
  const metadata = json('metadata', pattern.metadata)
  return sql`
    insert into patterns (id, type, pattern_data, confidence, prior, usage_count, successes, failures, metadata,
                          created_at, updated_at, last_used, author, crc)
    values (${id}, ${type}, ${data}, ${confidence}, ${confidence},
            ${usageCount}, ${successes}, ${failures}, ${metadata},
            ${createdAt}, ${updatedAt}, ${lastUsed}, ${author},
            ${checksum('patterns', 'crc', { id, type, pattern_data: data, metadata, author })})
    on conflict (id) do nothing`
}

function insertSession({ checksum }: Dialect, session: Authored<IncomingSession>, json: Encode): Sql {
  const { id, createdAt, lastAccessed, expiresAt, author } = session
  const data = json('data', session.data)
  return sql`
    insert into sessions (id, data, created_at, last_accessed, expires_at, author, crc)
    values (${id}, ${data}, ${createdAt}, ${lastAccessed}, ${expiresAt}, ${author},
            ${checksum('sessions', 'crc', { id, data, author })})
    on conflict (id) do nothing`
}

function insertAgent({ checksum }: Dialect, agent: IncomingAgent, json: Encode): Sql {
  const { id, type, swarmId, createdAt, lastActive } = agent
  const capabilities = json('capabilities', agent.capabilities)
  const state = json('state', agent.state)
  const metadata = json('metadata', agent.metadata)
  return sql`
    insert into agents (id, type, capabilities, state, swarm_id, metadata, created_at, last_active, incarnation,
                        ttl_ms, lapsed_at, type_crc, capabilities_crc, state_crc, metadata_crc)
    values (${id}, ${type}, ${capabilities}, ${state}, ${swarmId},
            ${metadata}, ${createdAt}, ${lastActive}, ${firstIncarnation},
            ${agentTtlMs}, ${lastActive}, ${checksum('agents', 'type_crc', { id, type, swarm_id: swarmId })},
            ${checksum('agents', 'capabilities_crc', { id, capabilities })},
            ${checksum('agents', 'state_crc', { id, state })},
            ${checksum('agents', 'metadata_crc', { id, metadata })})
    on conflict (id) do nothing`
}

function insertTask({ checksum }: Dialect, task: IncomingTask, json: Encode): Sql {
  const { id, description, status, priority, assignedTo, createdAt, updatedAt, completedAt } = task
  const payload = json('payload', task.payload)
  const result = json('result', task.result)
  const none = { dependencies: null, requires: null, backoff: null, idempotency_key: null }
  const given = {
    id,
    description,
    priority,
    queue: defaultQueue,
    max_attempts: defaultMaxAttempts,
    ...none,
    created_by: null,
    labels: null,
    parent_task: null,
  }
  return sql`
    insert into tasks (id, description, status, priority, queue, max_attempts, assigned_to, payload, result,
                       created_at, updated_at, completed_at, crc, payload_crc, result_crc)
    values (${id}, ${description}, ${status}, ${priority}, ${given.queue}, ${given.max_attempts}, ${assignedTo},
            ${payload}, ${result}, ${createdAt}, ${updatedAt}, ${completedAt}, ${checksum('tasks', 'crc', given)},
            ${checksum('tasks', 'payload_crc', { id, payload })}, ${checksum('tasks', 'result_crc', { id, result })})
    on conflict (id) do nothing`
}

function insertMetric({ checksum }: Dialect, { name, value, timestamp, ...metric }: IncomingMetric): Sql {
  const tags = encodeTags(metric.tags)
  return sql`insert into performance_metrics (metric_name, value, tags, timestamp, crc)
             values (${name}, ${value}, ${tags}, ${timestamp},
                     ${checksum('performance_metrics', 'crc', { metric_name: name, value, tags })})`
}
