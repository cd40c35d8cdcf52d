import type { Memory } from '../../src/memory.ts'
import type { OpenOptions } from '../../src/open.ts'

/** Opens a handle on a new, empty store of the engine under test; it is closed after the test. */
export type Open = (options?: OpenOptions) => Promise<Memory>

/** How often a random test is to be run on the engine in this run, of the most that it is worth: see `rounds`. */
export type Times = (most: number) => number

/** The promises of one domain, as tests that hold on every engine. */
export type Suite = (open: Open, times: Times) => void
