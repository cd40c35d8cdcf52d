import type { Memory } from '../../src/memory.ts'
import type { OpenOptions } from '../../src/open.ts'
import { openScratch, scratchFile } from './memory.ts'
import { openPostgresScratch, scratchUrl } from './postgres.ts'

/** What a test needs to run on an engine, as in `describe.each(engines)('$name', ({ scratch, open }) => …)`. */
export interface TestEngine {
  readonly name: 'sqlite' | 'postgres'
  /** Where a store can be that does not exist yet; it goes with the test. */
  scratch(): string
  /** A handle on a new store, or on the one at `location`, closed after the test. */
  open(options?: OpenOptions, location?: string): Promise<Memory>
}

/** Every engine that a store can be on. */
export const engines: readonly TestEngine[] = [
  { name: 'sqlite', scratch: scratchFile, open: openScratch },
  { name: 'postgres', scratch: scratchUrl, open: openPostgresScratch },
]
