import type { Runner } from '../cli.ts'

/** Loads the code of a command. What its input is, only the command's fields say. */
type Load = () => Promise<{ run: Runner<never> }>

/**
 * The code of a command, loaded when it is run: of those that only the command line has, and of operations
 * that it shows in a way of its own. All others run their operation and print what it gives.
 */
export const runners: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['events tail', () => import('./tail.ts')],
  ['events verify', () => import('./verify.ts')],
  ['shared watch', () => import('./watch.ts')],
  ['agents list', () => import('./agents-list.ts')],
  ['diff', () => import('./diff.ts')],
  ['undo', () => import('./undo.ts')],
  ['forget', () => import('./forget.ts')],
  ['briefing', () => import('./briefing.ts')],
  ['tasks board', () => import('./board.ts')],
  ['tasks graph', () => import('./graph.ts')],
  ['work', () => import('./work.ts')],
  ['doctor', () => import('./doctor.ts')],
  ['recover', () => import('./recover.ts')],
  ['lock run', () => import('./lock-run.ts')],
  ['migrate', () => import('./migrate.ts')],
  ['init', () => import('./init.ts')],
  ['trust', () => import('./trust.ts')],
  ['hook', () => import('./hook.ts')],
  ['mcp', () => import('./mcp.ts')],
  ['serve', () => import('./serve.ts')],
  ['ui', () => import('./ui.ts')],
  ['import', () => import('./import.ts')],
  ['export', () => import('./export.ts')],
  ['shell', () => import('./shell.ts')],
  ['completion', () => import('./completion.ts')],
  ['complete', () => import('./complete.ts')],
  ['help', () => import('./help.ts')],
  ['version', () => import('./version.ts')],
])
