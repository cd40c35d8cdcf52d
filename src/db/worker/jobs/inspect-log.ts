import fs from 'node:fs'
import { logOf } from '../../../util/database-files.ts'
import { fileError, systemCode } from '../../../util/file-error.ts'
import { committedFrames } from '../../sqlite/committed-frames.ts'
import { LogFrames, type ReadAt } from '../../sqlite/log-frames.ts'
import { identify } from './identify-file.ts'
import type { JobContext } from './job.ts'
import { doMatch } from './match-log.ts'

/** What is wrong with the log beside a database. */
export interface LogState {
  /** That it is of another database, or of another state of this one, whose place the file has taken. */
  isForeign: boolean
  /** How many transactions that were stored lie behind a place where it is damaged: after a crash SQLite drops them. */
  lost: number
}

/** How often a log is looked at that seems to be damaged, but may be being written. */
const looks = 3

const usualPageSize = 4096

interface InspectLogInput {
  /** Whether to look too if both are of one database. */
  isDoubtful: boolean
}

/** Reads the log as it is on the disk. Only for a process of its own, since it opens the files. */
export async function inspectLog({ isDoubtful }: InspectLogInput, context: JobContext): Promise<LogState> {
  const header = await identify(undefined, context)
  const isForeign = header?.usesLog === false || (isDoubtful && !(await doMatch(context)))
  return { isForeign, lost: isForeign ? 0 : countLost(logOf(context.file)) }
}

/** The least that was found in some looks: what is written meanwhile may be read in part, but not again and again. */
function countLost(log: string): number {
  let lost = Number.POSITIVE_INFINITY
  for (let look = 0; look < looks && lost > 0; look++) lost = Math.min(lost, lostIn(log))
  return lost
}

function lostIn(log: string): number {
  try {
    const handle = fs.openSync(log, 'r')
    const read: ReadAt = (offset, length) => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, fs.readSync(handle, bytes, 0, length, offset))
    }
    try {
      return committedFrames(new LogFrames(read, usualPageSize)).lost
    } finally {
      fs.closeSync(handle)
    }
  } catch (error) {
    // The last process that used the store has closed it, and merged the log.
    if (systemCode(error) === 'ENOENT') return 0
    throw fileError(error, log)
  }
}
