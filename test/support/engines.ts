import type { Memory } from '../../src/memory.ts'
import type { OpenOptions } from '../../src/open.ts'
import { emptyFile, openScratch, scratchFile } from './memory.ts'
import { emptyUrl, openPostgresScratch, scratchUrl } from './postgres.ts'

/** What a test needs to run on an engine, as in `describe.each(engines)('$name', ({ scratch, open }) => …)`. */
export interface TestEngine {
  readonly name: 'sqlite' | 'postgres'
  /** Where a store can be that does not exist yet; it goes with the test. */
  scratch(): string
  /** Where a new, empty store is; it goes with the test. Made faster than by opening `scratch()`. */
  empty(): string | Promise<string>
  /** A handle on a new store, or on the one at `location`, closed after the test. */
  open(options?: OpenOptions, location?: string): Promise<Memory>
}

/** Every engine that a store can be on. */
export const engines: readonly TestEngine[] = [
  { name: 'sqlite', scratch: scratchFile, empty: emptyFile, open: openScratch },
  { name: 'postgres', scratch: scratchUrl, empty: emptyUrl, open: openPostgresScratch },
]
