/** The coding agents that `hivewax init` sets up. The command line's own start loads nothing else of them. */
export const clientNames = [
  'claude-code',
  'codex',
  'cursor',
  'vscode',
  'gemini',
  'qwen',
  'opencode',
  'zed',
  'copilot',
  'continue',
  'cline',
] as const

export type ClientName = (typeof clientNames)[number]
