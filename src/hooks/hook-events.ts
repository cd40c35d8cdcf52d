/** The events of Claude Code that have a hook, by its names. */
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

/** The event that a word names, `session-start` as well as `SessionStart`; undefined when it has no hook. */
export function hookEvent(word: unknown): HookEvent | undefined {
  const name = String(word).replaceAll('-', '').toLowerCase()
  return hookEvents.find(event => event.toLowerCase() === name)
}
