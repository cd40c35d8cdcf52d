import { type Memory, openMemory } from '../../src/index.ts'
import { Screen } from './display.ts'
import { explain, WrongUsage } from './errors.ts'
import { commandLine } from './main/command-line.ts'
import { greet, narrate } from './main/narrate.ts'
import { type Options, readOptions, usage } from './main/options.ts'
import { Processes } from './main/processes.ts'
import { arrange, performRun } from './main/story.ts'
import { scan } from './planner/scan.ts'
import { leaseMs, patience } from './swarm.ts'
import { lastEventId } from './wait.ts'

/**
 * The main job: a swarm of processes measures a directory, two of them are killed on the way, and then a new
 * process reports what the swarm remembers.
 */
try {
  const options = readOptions(process.argv.slice(2))
  if (options === undefined) console.log(usage)
  else await main(options)
} catch (error) {
  console.error(error instanceof WrongUsage ? `${error.message}\n\n${usage}` : explain(error))
  process.exitCode = error instanceof WrongUsage ? 2 : 1
}

async function main({ directory, location }: Options): Promise<void> {
  if ((await scan(directory, 1)).files.length === 0) {
    console.log(`There are no files to measure in ${directory}.`)
    return
  }
  const howToCall = commandLine(location)
  // From here on every process of the swarm, this one too, finds the memory as any agent does.
  process.env.HIVEWAX_URL = location
  const isDone = await swarmOver(directory)
  if (isDone) await recall(directory, howToCall)
  else console.log('Stopped. The same command goes on from here.')
  process.exitCode = isDone ? 0 : 130
}

/** Has the memory to itself while it runs the swarm. False when it was ended by Ctrl-C. */
async function swarmOver(directory: string): Promise<boolean> {
  await using memory = await openMemory(undefined, { agentId: 'main' })
  const screen = new Screen()
  await sayWhoIsAtWork(memory, screen)
  const owner = `npm start (process ${process.pid})`
  return await memory.locks.withLock(
    'swarm/run',
    held => runUntilInterrupted(memory, directory, screen, held.signal),
    // Should this process be killed, the next one need not wait for long; another run is over within a minute.
    { owner, leaseMs, waitMs: 60_000 * patience },
  )
}

/** A process that was not there opens the memory and reports what it holds. */
async function recall(directory: string, howToCall: string[]): Promise<void> {
  const processes = new Processes(directory)
  await Promise.race([processes.start('recall.ts', 'main', ...howToCall).ended, processes.failure])
}

/** Starts the swarm and shows what it does. Whatever happens, no process is left behind. */
async function runUntilInterrupted(
  memory: Memory,
  directory: string,
  screen: Screen,
  lockLost: AbortSignal,
): Promise<boolean> {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  const stop = AbortSignal.any([interrupted.signal, lockLost])
  const processes = new Processes(directory)
  await greet(memory, screen)
  await arrange(memory)
  const since = await lastEventId(memory)
  const run = Promise.all([performRun(memory, processes, since, stop), narrate(memory, screen, since, stop)])
  try {
    await Promise.race([run, processes.failure])
    return true
  } catch (error) {
    if (interrupted.signal.aborted) return false
    throw error
  } finally {
    screen.close()
    await processes.stop()
  }
}

/** Two runs at once would mix up their files: the second one waits. */
async function sayWhoIsAtWork(memory: Memory, screen: Screen): Promise<void> {
  const holder = await memory.locks.get('swarm/run')
  if (holder !== undefined)
    screen.print(`${holder.owner} is at work on this memory: waiting until it has ended …`)
}
