import { editingTools } from './edited-file.ts'
import type { hookClientNames } from './hook-client-names.ts'
import { type HookEvent, hookEvents } from './hook-events.ts'

/** What a coding agent passes to a hook, as it came: any field may be missing or be something else. */
export type HookFields = Readonly<Record<string, unknown>>

/** A coding agent that runs hooks, in its own words. */
export interface HookClient {
  readonly name: (typeof hookClientNames)[number]
  /** Its names of the events that have a hook. */
  readonly events: Readonly<Partial<Record<HookEvent, string>>>
  /** Which tools an event is of interest for, by its own name of the event. Default: all. */
  readonly matchers?: Readonly<Record<string, string>>
  /** Whether it tells its MCP server which session it is in, so that server and hooks are one agent. */
  readonly isOneAgent: boolean
  /** The fields in the words of Claude Code. */
  fields(own: HookFields): HookFields
  /** How it takes what its model is to be told. */
  told(text: string): object
}

/** The answer of Claude Code, which others have taken over. */
const additionalContext = (text: string) => ({
  hookSpecificOutput: { hookEventName: 'SessionStart', additionalContext: text },
})

/** Events that a client names as Claude Code does. */
const same = (events: readonly HookEvent[]) => Object.fromEntries(events.map(event => [event, event]))

const claudeCode: HookClient = {
  name: 'claude-code',
  events: same(hookEvents),
  matchers: { PreToolUse: editingTools },
  isOneAgent: true,
  fields: fields => fields,
  told: additionalContext,
}

/** Its tools name no files, its to-do list has no hooks, and the summary of a compaction is not told to one. */
const codexLacks: readonly HookEvent[] = ['PreToolUse', 'PostCompact', 'TaskCreated', 'TaskCompleted']

const codex: HookClient = {
  ...claudeCode,
  name: 'codex',
  events: same(hookEvents.filter(event => !codexLacks.includes(event))),
}

const cursor: HookClient = {
  name: 'cursor',
  events: {
    SessionStart: 'sessionStart',
    UserPromptSubmit: 'beforeSubmitPrompt',
    PreCompact: 'preCompact',
    Stop: 'afterAgentResponse',
    SessionEnd: 'sessionEnd',
  },
  isOneAgent: false,
  fields: ({ conversation_id, session_id = conversation_id, workspace_roots, text, ...fields }) => ({
    ...fields,
    session_id,
    cwd: Array.isArray(workspace_roots) ? workspace_roots[0] : undefined,
    last_assistant_message: text,
  }),
  told: text => ({ additional_context: text }),
}

const gemini: HookClient = {
  name: 'gemini',
  events: {
    SessionStart: 'SessionStart',
    PreCompact: 'PreCompress',
    Stop: 'AfterAgent',
    SessionEnd: 'SessionEnd',
  },
  isOneAgent: false,
  fields: ({ prompt_response, ...fields }) => ({ ...fields, last_assistant_message: prompt_response }),
  told: additionalContext,
}

export const hookClients: readonly HookClient[] = [claudeCode, codex, cursor, gemini]

/** The one of a name; Claude Code where none is named. */
export function hookClient(name: string | undefined): HookClient {
  return hookClients.find(client => client.name === name) ?? claudeCode
}

/** The event that a word of a client names, `session-start` as well as `SessionStart`; undefined when it has no hook. */
export function hookEvent(client: HookClient, word: unknown): HookEvent | undefined {
  const plain = (name: string) => name.replaceAll('-', '').toLowerCase()
  const named = Object.entries(client.events).find(([, own]) => plain(own) === plain(String(word)))
  return named?.[0] as HookEvent | undefined
}
