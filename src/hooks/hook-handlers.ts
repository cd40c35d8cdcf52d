import { briefingTokens } from '../briefing/bounds.ts'
import { briefingText } from '../mcp/briefing-text.ts'
import { toolCall } from '../mcp/tool-call.ts'
import type { Memory } from '../memory.ts'
import type { Transaction } from '../transaction.ts'
import { checkpoint, note } from './checkpoint.ts'
import { branchOf } from './git-branch.ts'
import { guardAnswer } from './guard.ts'
import type { HookEvent } from './hook-events.ts'
import { type HookInput, idOf, textOf } from './hook-input.ts'
import { promptOf } from './prompt.ts'
import { agentOf, namedAgent, sessionOf, subagentOf } from './record-ids.ts'
import { arrive, leave } from './roster.ts'
import { completeTask, noteTask } from './todo.ts'

/** What a hook works with. */
export interface Hook {
  readonly memory: Memory
  readonly input: HookInput
  /** How many tokens a briefing may take. */
  readonly budget: number
  /** Answers the client: one JSON object. */
  readonly answer: (output: object) => void
}

/** How much of a summary is kept, in characters. */
const longestSummary = 64_000

/** Does what an event is for. */
export const hookHandlers: Readonly<Record<HookEvent, (hook: Hook) => Promise<unknown>>> = {
  SessionStart: begin,
  UserPromptSubmit: ({ memory, input }) => note(memory, input, { asked: promptOf(input) }),
  PreToolUse: async ({ memory, input, answer }) => {
    const refusal = await guardAnswer(memory, input)
    if (refusal !== undefined) answer(refusal)
  },
  PreCompact: ({ memory, input }) =>
    checkpoint(memory, input, {
      event: 'PreCompact',
      trigger: idOf(input, 'trigger') ?? null,
      instructions: textOf(input, 'custom_instructions') ?? null,
    }),
  PostCompact: ({ memory, input }) =>
    note(memory, input, {
      summary: textOf(input, 'compact_summary', longestSummary),
      summarizedAt: new Date().toISOString(),
    }),
  Stop: hook =>
    together(hook, async tx => {
      await checkpoint(tx, hook.input, { event: 'Stop' })
      await arriveSession(tx, hook.input)
    }),
  SubagentStart: async ({ memory, input }) => {
    const id = subagentOf(input)
    const type = idOf(input, 'agent_type') ?? 'subagent'
    if (id !== undefined) await arrive(memory, { id, type, metadata: { session: sessionOf(input) ?? null } })
  },
  SubagentStop: async ({ memory, input }) => {
    const id = subagentOf(input)
    if (id !== undefined) await leave(memory, id)
  },
  TaskCreated: ({ memory, input }) => noteTask(memory, input),
  TaskCompleted: hook => together(hook, tx => completeTask(tx, hook.input)),
  SessionEnd: hook => together(hook, tx => end(tx, hook.input)),
}

async function begin(hook: Hook): Promise<void> {
  const { input, answer } = hook
  const text = await briefingFor(hook)
  // First, since a store that others hold can be read, but not written.
  if (text !== undefined) answer(input.client.told(text))
  await together(hook, async tx => {
    await note(tx, input, { started: idOf(input, 'source'), model: idOf(input, 'model') })
    await arriveSession(tx, input)
  })
}

/** What a session is told that begins, or goes on after a compaction. Undefined when there is nothing to tell. */
async function briefingFor({ memory, input, budget }: Hook): Promise<string | undefined> {
  const agentId = agentOf(input)
  const acting = agentId === undefined ? memory : memory.as(agentId)
  const before = agentId === undefined ? undefined : await memory.agents.get(agentId)
  const briefing = await acting.briefing({
    sessionId: sessionOf(input),
    isCompacted: idOf(input, 'source') === 'compact',
    since: before?.lastActive,
    about: branchOf(textOf(input, 'cwd')),
    maxTokens: Math.max(budget, briefingTokens.least),
  })
  return briefingText(briefing, toolCall, memory.url)
}

async function end(memory: Transaction, input: HookInput): Promise<void> {
  const id = sessionOf(input)
  // Some sessions end that never began, such as one for `claude mcp list`.
  if (id === undefined || (await memory.sessions.get(id)) === undefined) return
  await note(memory, input, { ended: idOf(input, 'reason'), endedAt: new Date().toISOString() })
  const agent = agentOf(input)
  if (agent !== undefined) await leave(memory, agent)
}

/** All writes of a hook at once: the disk is waited for once only. */
function together(hook: Hook, writes: (tx: Transaction) => Promise<void>): Promise<void> {
  return hook.memory.transaction(writes)
}

async function arriveSession(memory: Transaction, input: HookInput): Promise<void> {
  const id = agentOf(input)
  const type = idOf(input, 'agent_type') ?? input.client.name
  const metadata = {
    session: sessionOf(input) ?? null,
    cwd: textOf(input, 'cwd') ?? null,
    model: idOf(input, 'model') ?? null,
  }
  // Where the server cannot know the session it is an agent of its own, and a second one would be nobody.
  const isAgent = input.client.isOneAgent || namedAgent() !== undefined
  if (id !== undefined && isAgent) await arrive(memory, { id, type, metadata })
}
