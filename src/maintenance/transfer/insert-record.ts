import { firstIncarnation } from '../../agents/ensure-agent.ts'
import type { Context } from '../../context.ts'
import { type Sql, sql } from '../../db/sql.ts'
import { encodeTags } from '../../metrics/tags.ts'
import { SharedState } from '../../shared/shared.ts'
import { encodeJson, type Json } from '../../util/json.ts'
import { Workflows } from '../../workflows/workflows.ts'
import { upsertRecord } from './import-namespace.ts'
import type {
  IncomingAgent,
  IncomingMetric,
  IncomingPattern,
  IncomingRecord,
  IncomingSession,
  IncomingTask,
} from './incoming-record.ts'

/** How long a merged agent lives after a heartbeat, should it send one without registering. */
const agentTtlMs = 60_000

/**
 * Writes a record within a transaction, times included; one of key-value memory replaces what has its key. Shared
 * state and workflows are saved as their domains save them: those have a history, whose times are the store's own.
 */
export async function insertRecord(context: Context, record: IncomingRecord): Promise<void> {
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
      }
      await context.db.all(upsertRecord(context.db.dialect, { ...row, namespace: record.namespace }))
      return
    }
    case 'shared':
      await new SharedState(context).update(record.key, record.value, { expectedVersion: 0 })
      return
    case 'workflow':
      await new Workflows(context).save(record.id, record.state, { workflowType: record.workflowType })
      return
    case 'pattern':
      await context.db.all(insertPattern(record, encode))
      return
    case 'session':
      await context.db.all(insertSession(record, encode))
      return
    case 'agent':
      await context.db.all(insertAgent(record, encode))
      return
    case 'task':
      await context.db.all(insertTask(record, encode))
      return
    case 'metric':
      await context.db.all(insertMetric(record))
  }
}

type Encode = (what: string, value: Json | undefined) => string | undefined

function insertPattern(pattern: IncomingPattern, json: Encode): Sql {
  const { id, type, confidence, usageCount, successes, failures, createdAt, updatedAt, lastUsed } = pattern
  return sql`
    insert into patterns (id, type, pattern_data, confidence, prior, usage_count, successes, failures, metadata,
                          created_at, updated_at, last_used)
    values (${id}, ${type}, ${json('patternData', pattern.patternData)}, ${confidence}, ${confidence},
            ${usageCount}, ${successes}, ${failures}, ${json('metadata', pattern.metadata)},
            ${createdAt}, ${updatedAt}, ${lastUsed})
    on conflict (id) do nothing`
}

function insertSession({ id, data, createdAt, lastAccessed, expiresAt }: IncomingSession, json: Encode): Sql {
  return sql`
    insert into sessions (id, data, created_at, last_accessed, expires_at)
    values (${id}, ${json('data', data)}, ${createdAt}, ${lastAccessed}, ${expiresAt})
    on conflict (id) do nothing`
}

function insertAgent(agent: IncomingAgent, json: Encode): Sql {
  const { id, type, capabilities, state, swarmId, metadata, createdAt, lastActive } = agent
  return sql`
    insert into agents (id, type, capabilities, state, swarm_id, metadata, created_at, last_active, incarnation,
                        ttl_ms, lapsed_at)
    values (${id}, ${type}, ${json('capabilities', capabilities)}, ${json('state', state)}, ${swarmId},
            ${json('metadata', metadata)}, ${createdAt}, ${lastActive}, ${firstIncarnation},
            ${agentTtlMs}, ${lastActive})
    on conflict (id) do nothing`
}

function insertTask(task: IncomingTask, json: Encode): Sql {
  const { id, description, status, priority, assignedTo, createdAt, updatedAt, completedAt } = task
  return sql`
    insert into tasks (id, description, status, priority, assigned_to, payload, result,
                       created_at, updated_at, completed_at)
    values (${id}, ${description}, ${status}, ${priority}, ${assignedTo}, ${json('payload', task.payload)},
            ${json('result', task.result)}, ${createdAt}, ${updatedAt}, ${completedAt})
    on conflict (id) do nothing`
}

function insertMetric({ name, value, tags, timestamp }: IncomingMetric): Sql {
  return sql`insert into performance_metrics (metric_name, value, tags, timestamp)
             values (${name}, ${value}, ${encodeTags(tags)}, ${timestamp})`
}
