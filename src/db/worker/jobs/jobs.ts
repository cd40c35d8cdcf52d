import { compareChecksums } from './compare-checksums.ts'
import { copyDamaged } from './copy-damaged.ts'
import { copy, prepare } from './copy-file.ts'
import { identify } from './identify-file.ts'
import { extents, health } from './inspect-file.ts'
import { inspectLog } from './inspect-log.ts'
import type { JobContext } from './job.ts'
import { matchJournal } from './match-log.ts'
import { query } from './query.ts'
import { raiseNumbers } from './raise-numbers.ts'
import { replace } from './replace.ts'
import { salvage } from './salvage.ts'
import { scan } from './scan.ts'
import { checkpoint, optimize, reindex, vacuum } from './tidy.ts'
import { tryWrite } from './try-write.ts'

/** Everything that takes long and therefore runs in a worker, by name. */
export const jobs = {
  checkpoint,
  compareChecksums,
  copy,
  copyDamaged,
  extents,
  health,
  identify,
  inspectLog,
  matchJournal,
  optimize,
  prepare,
  query,
  reindex,
  replace,
  salvage,
  scan,
  settle: raiseNumbers,
  tryWrite,
  vacuum,
} satisfies Record<string, (input: never, context: JobContext) => Promise<unknown>>
