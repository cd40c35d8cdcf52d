import type { Memory } from '../memory.ts'
import { StandingMemory } from '../standing-memory.ts'
import { writeError } from './print/standard-streams.ts'

/**
 * Opens a memory for a command that lives long: should its store be gone, it is opened anew, and the log says so, with
 * `--json` and `--quiet` too.
 * @param then is called with the memory that was opened anew
 */
export function standingMemory(
  open: () => Promise<Memory>,
  then: (memory: Memory) => void = () => {},
): Promise<StandingMemory> {
  const onReopened = (memory: Memory, why: unknown) => {
    writeError(`${why instanceof Error ? why.message : why}; opened ${memory.url} anew\n`)
    then(memory)
  }
  return StandingMemory.open({ open, onReopened })
}
