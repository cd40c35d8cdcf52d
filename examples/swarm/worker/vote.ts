import { Conflict, type Memory } from '../../../src/index.ts'
import { allRecords, totals } from '../files.ts'
import { type FileRecord, remembered, type Verdict, workerIds } from '../swarm.ts'
import { readFile } from './read.ts'

type Records = ReadonlyMap<string, FileRecord>

/** Votes on what the planner says that the swarm has found, after a look at part of it. */
export async function vote(memory: Memory, voter: string, key: string): Promise<void> {
  const proposal = await memory.getConsensusState(key)
  if (proposal?.status !== 'open') return
  const records = await allRecords(memory)
  const sample = sampleFor(voter, records)
  const doubt = doubtTotals(records, remembered(proposal.value)) ?? (await doubtSample(sample))
  await memory.logEvent('sample.verified', { key, files: sample.map(([path]) => path), doubt: doubt ?? null })
  // The version that was read: should another value have been proposed since, this is no vote for it.
  const ballot = { voter, ballot: proposal.version }
  try {
    if (doubt === undefined) await memory.consensus.accept(key, ballot)
    else await memory.consensus.reject(key, ballot)
  } catch (error) {
    // Too late: the others have decided it, or the planner has proposed anew.
    if (!(error instanceof Conflict)) throw error
  }
}

/** Other files for each worker: every n-th, from a place of its own. */
function sampleFor(agentId: string, records: Records): [path: string, record: FileRecord][] {
  const step = Math.max(1, Math.floor(records.size / sampleSize))
  const place = workerIds.indexOf(agentId)
  return [...records].filter((_, i) => i % step === place % step).slice(0, sampleSize)
}

const sampleSize = 5

function doubtTotals(records: Records, said: Verdict): string | undefined {
  const { files, lines, bytes } = totals(records)
  if (files === said.files && lines === said.lines && bytes === said.bytes) return undefined
  return `the records amount to ${files} files with ${lines} lines, not to ${said.files} with ${said.lines}`
}

/** Measures the files anew. A file that has changed meanwhile proves nothing. */
async function doubtSample(
  sample: readonly [path: string, record: FileRecord][],
): Promise<string | undefined> {
  for (const [path, record] of sample) {
    const file = await readFile(path).catch(() => undefined)
    if (file?.hash === record.hash && file.measure().lines !== record.lines) {
      return `${path} has not ${record.lines} lines`
    }
  }
  return undefined
}
