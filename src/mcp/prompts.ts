import {
  type GetPromptResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import { escaped } from '../util/model-text.ts'
import { visible } from '../util/visible.ts'
import { toText } from './answer.ts'
import { briefing } from './briefing.ts'
import { roomFor } from './budget.ts'
import type { Caller } from './caller.ts'

type Values = Readonly<Record<string, string>>

interface Text {
  readonly prompt: Prompt
  readonly lines: (values: Values) => readonly (string | undefined)[]
  /** Adds what `briefing` shows. */
  readonly hasBriefing?: boolean
}

const quoted = (text: string | undefined) => text && escaped(text)

const texts: readonly Text[] = [
  {
    prompt: {
      name: 'start',
      title: 'Start work',
      description: 'Begin with what others know: the state of things, and how to take work.',
      arguments: [{ name: 'focus', description: 'What the work is about' }],
    },
    lines: ({ focus }) => [
      'You share a memory with other agents. Before you begin:',
      '1. Read the briefing below.',
      `2. Search what is known: recall with text ${quoted(focus) ?? 'for what you are about to do'}.`,
      '3. Take work with tasks_write claim, and keep the id and the token of each task. Heartbeat before the lease ends.',
      '4. Remember what others will need under telling keys; log what you decide, and why, with log_write type decision.',
    ],
    hasBriefing: true,
  },
  {
    prompt: {
      name: 'hand_over',
      title: 'Hand work over',
      description: 'Stop in good order, so that another agent can go on.',
      arguments: [
        { name: 'task', description: 'The id of the task that is handed over' },
        { name: 'to', description: 'Who is to go on' },
      ],
    },
    lines: ({ task, to }) => [
      'You are about to stop. Leave nothing that only you know:',
      '1. remember what you found out that is not in the memory yet: facts, paths, commands, dead ends.',
      `2. log_write an event of type handover with data {${task ? `task: ${quoted(task)}, ` : ''}${to ? `to: ${quoted(to)}, ` : ''}done, open, next, warnings}.`,
      `3. tasks_write release ${task ? `the task ${quoted(task)}` : 'every task that you hold'} with its token, so that somebody else can claim it at once.`,
      '4. swarm_write locks.release every lock that you hold, with its token.',
    ],
  },
  {
    prompt: {
      name: 'finish',
      title: 'Finish work',
      description: 'Complete what was done, and keep what was learned.',
      arguments: [{ name: 'task', description: 'The id of the task that is done' }],
    },
    lines: ({ task }) => [
      'You have done the work. Before you end:',
      `1. tasks_write complete ${task ? `the task ${quoted(task)}` : 'each task'} with its token and a short result; what failed: fail, with the error.`,
      '2. remember what will be of use later, and forget what you stored only for yourself.',
      '3. What worked as a way of doing things: state_write patterns.store, or recordOutcome if you followed one.',
      '4. log_write an event of type decision for each choice that others must know of.',
    ],
  },
]

/** What prompts there are. */
export const prompts: readonly Prompt[] = texts.map(({ prompt }) => prompt)

/** A prompt with its arguments filled in; what it shows of the memory is marked as data. */
export async function getPrompt(name: string, values: Values, caller: Caller): Promise<GetPromptResult> {
  const text = texts.find(({ prompt }) => prompt.name === name)
  if (text === undefined)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no prompt ${visible(name)}`)
  const lines = text.lines(values).filter(line => line !== undefined)
  if (text.hasBriefing) lines.push('', toText(await briefing(caller, roomFor())))
  return {
    ...(text.prompt.description !== undefined && { description: text.prompt.description }),
    messages: [{ role: 'user', content: { type: 'text', text: lines.join('\n') } }],
  }
}
