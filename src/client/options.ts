import { checkAgents } from '../agents/option-names.ts'
import { checkConsensus } from '../consensus/option-names.ts'
import { checkEvents } from '../events/option-names.ts'
import { checkKv } from '../kv/option-names.ts'
import { checkLocks } from '../locks/option-names.ts'
import { checkMaintenance } from '../maintenance/option-names.ts'
import { checkMetrics } from '../metrics/option-names.ts'
import { operations } from '../operations.ts'
import { checkPatterns } from '../patterns/option-names.ts'
import { checkReservations } from '../reservations/option-names.ts'
import { checkSessions } from '../sessions/option-names.ts'
import { checkShared } from '../shared/option-names.ts'
import { checkTasks } from '../tasks/option-names.ts'
import { checkTokens } from '../tokens/option-names.ts'
import { checkTopology } from '../topology/option-names.ts'
import type { CheckOptions } from '../util/options.ts'
import { checkWorkflows } from '../workflows/option-names.ts'

const checks: Readonly<Record<string, Readonly<Record<string, CheckOptions>>>> = {
  agents: checkAgents,
  consensus: checkConsensus,
  events: checkEvents,
  kv: checkKv,
  locks: checkLocks,
  maintenance: checkMaintenance,
  metrics: checkMetrics,
  patterns: checkPatterns,
  reservations: checkReservations,
  sessions: checkSessions,
  shared: checkShared,
  tasks: checkTasks,
  tokens: checkTokens,
  topology: checkTopology,
  workflows: checkWorkflows,
}

/** What is called over HTTP. */
type Method = (...args: unknown[]) => Promise<unknown>

/**
 * The operations of a domain among its methods, refusing options that they do not have: the server, which may be of
 * another version, passes over them.
 */
export function refusingUnknown(
  domain: string,
  methods: Readonly<Record<string, Method>>,
): Record<string, Method> {
  const own = operations.filter(({ name }) => name.startsWith(`${domain}.`))
  return Object.fromEntries(
    own.flatMap(({ name, arguments: { length } }) => {
      const method = name.slice(domain.length + 1)
      const [check, run] = [checks[domain]?.[method], methods[method]]
      return check === undefined || run === undefined ? [] : [[method, checked(check, run, length)]]
    }),
  )
}

/** @param place of the options among the arguments */
function checked(check: CheckOptions, run: Method, place: number): Method {
  return async (...args) => {
    const options = args[place]
    if (typeof options === 'object' && options !== null) check(options)
    return run(...args)
  }
}
