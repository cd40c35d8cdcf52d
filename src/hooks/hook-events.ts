/** The events that have a hook, by the names that Claude Code gives them. */
export const hookEvents = [
  'SessionStart',
  'UserPromptSubmit',
  'PreCompact',
  'PostCompact',
  'Stop',
  'SubagentStart',
  'SubagentStop',
  'TaskCreated',
  'TaskCompleted',
  'SessionEnd',
] as const

export type HookEvent = (typeof hookEvents)[number]
