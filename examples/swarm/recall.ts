import type { Memory } from '../../src/index.ts'
import { runAgent } from './agent.ts'
import { style } from './display.ts'
import { recallDeaths, recallVote, recallWorkers } from './recall/agents.ts'
import { recallLanguages, recallLeaders, recallRun } from './recall/files.ts'
import { recallMetrics, recallPatterns } from './recall/learned.ts'
import { tryNext } from './recall/next.ts'
import { type Past, readPast } from './recall/past.ts'

/** Reports one thing that the memory holds, in lines. */
type Section = (memory: Memory, past: Past) => Promise<string[]>

const sections: readonly [title: string, section: Section][] = [
  ['What the swarm remembers', recallRun],
  ['Languages', recallLanguages],
  ['Files', recallLeaders],
  ['Who did what', recallWorkers],
  ['Two of them were killed', recallDeaths],
  ['They agreed', recallVote],
  ['How far each way of reading files can be trusted', recallPatterns],
  ['How long a file takes', recallMetrics],
  ['Try next', memory => tryNext(memory, ...process.argv.slice(2))],
]

/** A new process, which was not there when it happened, opens the memory and reports what it holds. */
await runAgent(async memory => {
  const past = await readPast(memory)
  for (const [title, section] of sections) {
    const lines = await section(memory, past)
    if (lines.length > 0) console.log(`\n${style.title(title)}\n${lines.map(line => `  ${line}`).join('\n')}`)
  }
})
