import type { Memory } from '../memory.ts'
import { StandingMemory } from '../standing-memory.ts'
import { visible } from '../util/visible.ts'
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
    writeError(`${visible(`${why instanceof Error ? why.message : why}; opened ${memory.url} anew`)}\n`)
    then(memory)
  }
  const openHere = () => {
    // Node remembers the working directory, which may be what was moved: what is opened anew is to be where that is now.
    process.chdir('.')
    return open()
  }
  return StandingMemory.open({ open: openHere, onReopened })
}
