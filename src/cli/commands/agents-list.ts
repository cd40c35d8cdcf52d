import type { Agent } from '../../agents/agent.ts'
import type { Released } from '../../agents/agent-changes.ts'
import type { AgentFilter } from '../../agents/agents.ts'
import { agentView } from '../../agents/views.ts'
import { anyView, type View } from '../../view.ts'
import type { Cli } from '../cli.ts'

/** An agent with what it works on at present. */
type Working = Agent & Pick<Released, 'tasks' | 'locks'>

/** Lists agents with what each works on; for people, in words instead of fields. */
export async function run(cli: Cli, filter: AgentFilter): Promise<undefined> {
  const { agents } = await cli.memory()
  const { items, cursor } = await agents.list(filter)
  const work = await agents.work(items.map(agent => agent.id))
  const working = items.map(agent => ({ ...agent, ...(work.get(agent.id) ?? { tasks: [], locks: [] }) }))
  if (cli.print.json) cli.print.document({ items: working, cursor })
  else cli.print.list(working, { cursor, view: anyView(workingView) })
}

/** The view of the operation, and what each works on. */
const workingView: View<Working> = {
  ...agentView,
  columns: ['id', 'type', ['life', life], ['worksOn', worksOn], 'capabilities', 'lastActive'],
  rest: 'worksOn',
  fields: [...agentView.fields, 'tasks', 'locks'],
}

function worksOn({ tasks, locks }: Working): string | undefined {
  return [...tasks.map(task => `task ${task}`), ...locks.map(lock => `lock ${lock}`)].join(', ') || undefined
}

/** `alive`, `gone for 3m` since its ttl ran out, or `no ttl` for one that never counts as gone. */
function life({ alive, ttl, lastActive }: Agent, nowMs: number): string {
  if (ttl === undefined) return 'no ttl'
  return alive ? 'alive' : `gone for ${inLargestUnit(nowMs - lastActive.getTime() - 1000 * ttl)}`
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const

/** A length of time in its largest unit: `3m`. The wall clock may have been set back since it began. */
function inLargestUnit(ms: number): string {
  const [unit, unitMs] = units.find(([, size]) => ms >= size) ?? ['s', 1000]
  return `${Math.max(0, Math.floor(ms / unitMs))}${unit}`
}
