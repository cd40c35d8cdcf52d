/** The coding agents whose hooks are served. The command line's own start loads nothing else of them. */
export const hookClientNames = ['claude-code', 'codex', 'cursor', 'gemini'] as const
