import { copy, identify, prepare } from './copy.ts'
import { extents, health } from './inspect.ts'
import type { JobContext } from './job.ts'
import { query } from './query.ts'
import { replace } from './replace.ts'
import { salvage } from './salvage.ts'
import { scan } from './scan.ts'
import { settle } from './settle.ts'
import { checkpoint, optimize, reindex, vacuum } from './tidy.ts'

/** Everything that takes long and therefore runs in a worker, by name. */
export const jobs = {
  checkpoint,
  copy,
  extents,
  health,
  identify,
  optimize,
  prepare,
  query,
  reindex,
  replace,
  salvage,
  scan,
  settle,
  vacuum,
} satisfies Record<string, (input: never, context: JobContext) => Promise<unknown>>
