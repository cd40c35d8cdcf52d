/** What a command loads only when it needs it: folders, and files by their names. */
export const lazySources: readonly string[] = [
  '/node_modules/',
  '/src/access/',
  '/src/cli/ask.ts',
  '/src/cli/commands/',
  '/src/cli/completion-candidates.ts',
  '/src/cli/help.ts',
  '/src/cli/open-browser.ts',
  '/src/cli/serve-store.ts',
  '/src/cli/shell-history.ts',
  '/src/cli/split-words.ts',
  '/src/client/',
  '/src/db/copy/',
  '/src/db/postgres/',
  '/src/find/',
  '/src/hooks/',
  '/src/http/',
  '/src/importers/',
  '/src/markdown/',
  '/src/mcp/',
  '/src/setup/',
]

/** What every command needs of these. */
export const eagerSources: readonly string[] = [
  '/node_modules/croner/',
  '/src/cli/commands/index.ts',
  '/src/find/operations.ts',
  '/src/setup/client-names.ts',
]

/** True when a command loads the file only when it needs it. */
export function isLazy(file: string): boolean {
  const isOf = (source: string) => file.includes(source)
  return lazySources.some(isOf) && !eagerSources.some(isOf)
}
