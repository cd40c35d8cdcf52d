import { toolNames } from '../../src/operation.ts'
import type { Call, Reply, Seen, Turn } from './model/dialect.ts'

/** One call of a tool that the model makes. */
export interface Step {
  readonly name: string
  readonly tool: string
  /** @param shown what the model saw of the answers so far, by the names of their steps */
  input(shown: Shown): object
  /** Whether the model takes its time before the call, as for the work itself. */
  readonly isLong?: boolean
  /** Whether the answer is as it should be. */
  isPassed(text: string): boolean
}

export type Shown = Readonly<Record<string, string>>

/** The task that waits for an agent, and what an agent decides. */
export const task = { id: 'parser', description: 'Write the parser' }
const decision = { key: 'decision/indentation', value: 'Tabs, two columns wide' }

const tokenIn = (text = '') => Number(/\\?"token\\?":\s*(\d+)/.exec(text)?.[1])

/** What the model does in one session after the other: each is a process of the client's own. */
export const sessions: readonly (readonly Step[])[] = [
  [
    {
      name: 'claim',
      tool: 'tasks_write',
      input: () => ({ action: 'claim' }),
      isPassed: text => text.includes(task.description) && tokenIn(text) > 0,
    },
    {
      name: 'refused',
      tool: 'tasks_write',
      input: ({ claim }) => ({ action: 'complete', id: task.id, token: tokenIn(claim) + 1 }),
      isPassed: text => text.includes('stale_token'),
    },
    {
      name: 'complete',
      tool: 'tasks_write',
      isLong: true,
      input: ({ claim }) => ({ action: 'complete', id: task.id, token: tokenIn(claim), result: 'written' }),
      isPassed: text => /\\?"status\\?":\s*\\?"completed/.test(text),
    },
    {
      name: 'remember',
      tool: 'remember',
      input: () => decision,
      isPassed: text => /\\?"revision\\?":\s*\d/.test(text),
    },
    {
      name: 'recall',
      tool: 'recall',
      input: () => ({ key: decision.key }),
      isPassed: text => text.includes(decision.value),
    },
  ],
  [
    {
      name: 'briefing',
      tool: 'briefing',
      input: () => ({}),
      isPassed: isBriefed,
    },
  ],
]

/** Whether a text tells what the session before has decided. */
export function isBriefed(text: string): boolean {
  return text.includes(decision.key) && text.includes(decision.value)
}

const prefix = 'call_step_'

/** How often the model waits for a server to start. */
const mostFinds = 5

/** What the model has seen of each step of a session. */
export function shownIn(steps: readonly Step[], { seen }: Turn): Shown {
  const texts = steps.map(({ name }) => [name, seen.find(({ id }) => id === prefix + name)?.text])
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined))
}

/** The next step whose answer the model has not seen yet. */
export function nextStep(steps: readonly Step[], turn: Turn): Step | undefined {
  const shown = shownIn(steps, turn)
  return steps.find(({ name }) => shown[name] === undefined)
}

/** The call of a step; where our tool is not listed, before that what makes the client list it. */
export function replyFor(step: Step | undefined, steps: readonly Step[], turn: Turn): Reply {
  if (step === undefined) return { say: 'Done.' }
  const names = turn.tools.map(({ name }) => name)
  const tool = names.find(name => isOurs(name) && name.endsWith(step.tool))
  const find = tool === undefined ? findCall(step, names, turn.seen.filter(isFound)) : undefined
  if (find !== undefined) return { call: find }
  const input = step.input(shownIn(steps, turn))
  return { call: { id: prefix + step.name, tool: tool ?? `mcp__hivewax__${step.tool}`, input } }
}

const findPrefix = 'call_find_'
const isFound = ({ id }: Seen) => id.startsWith(findPrefix)

/** Some clients list tools only to a model that looks for them, or not before their servers have started. */
function findCall(step: Step, names: readonly string[], found: readonly Seen[]): Call | undefined {
  const search = names.find(name => /^tool_?search$/i.test(name))
  const id = `${findPrefix}${step.name}`
  const isSearched = found.some(one => one.id === id)
  if (search && !isSearched)
    return { id, tool: search, input: { query: `hivewax ${step.tool}`, max_results: 20 } }
  const list = names.find(name => name === 'list_mcp_resources')
  if (list === undefined || found.length === mostFinds) return undefined
  return { id: `${id}_${found.length}`, tool: list, input: { server: 'hivewax' } }
}

/** Whether a tool is of our server, whose name most clients put before that of the tool. */
export function isOurs(name: string): boolean {
  return name.includes('hivewax') || toolNames.some(own => own === name)
}
