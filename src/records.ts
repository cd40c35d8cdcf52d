import { Agents } from './agents/agents.ts'
import { Consensus } from './consensus/consensus.ts'
import type { Context } from './context.ts'
import { Events } from './events/events.ts'
import { History } from './history/history.ts'
import { Kv } from './kv/kv.ts'
import { Locks } from './locks/locks.ts'
import { Metrics } from './metrics/metrics.ts'
import { Patterns } from './patterns/patterns.ts'
import { Reservations } from './reservations/reservations.ts'
import { Sessions } from './sessions/sessions.ts'
import { SharedState } from './shared/shared.ts'
import { Tasks } from './tasks/tasks.ts'
import { Tokens } from './tokens/tokens.ts'
import { Topology } from './topology/topology.ts'
import type { Records } from './transaction.ts'
import { uuidv7 } from './util/ids.ts'
import { Workflows } from './workflows/workflows.ts'

/** The records of a store, as a context shows them. */
export function recordsOf(context: Context): Records {
  const { db } = context
  return {
    kv: new Kv(context),
    sessions: new Sessions(context),
    agents: new Agents(context),
    tasks: new Tasks(context),
    shared: new SharedState(context),
    events: new Events(context),
    patterns: new Patterns(context),
    history: new History(context),
    metrics: new Metrics(context),
    workflows: new Workflows(context),
    topology: new Topology(context),
    consensus: new Consensus(context),
    locks: new Locks(context),
    reservations: new Reservations(context),
    tokens: new Tokens(context),
    query: (text, params, options) => db.query(text, params, options),
    execute: (text, params) => db.execute(text, params),
    find: async (text, options) => {
      // Loaded on first use: its rules of language take longer to load than a whole command takes to run.
      const { Find } = await import('./find/find.ts')
      return new Find(context).find(text, options)
    },
    briefing: async options => {
      const { tell } = await import('./briefing/briefing.ts')
      return tell(context, recordsOf(context), options)
    },
    transaction: (fn, { timeoutMs, yieldsAfterMs }) => {
      const transactionId = context.transactionId ?? uuidv7(context.clock.now())
      const inside = (tx: Context['db']) =>
        fn(recordsOf({ ...context, db: tx, storeDb: undefined, rewriteFiles: undefined, transactionId }))
      const time = timeoutMs === undefined ? {} : { timeoutMs }
      return db.transaction(inside, { interactive: true, yieldsAfterMs, ...time })
    },
  }
}
