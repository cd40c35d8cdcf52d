import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fixture } from './fixture.ts'
import type { Installed } from './install.ts'
import type { Body, Turn } from './model/dialect.ts'
import { ScriptedModel } from './model/scripted-model.ts'
import type { RealClient } from './real-clients.ts'
import { recordSession } from './record.ts'
import { type Run, runnerIn, surroundings } from './run-program.ts'
import {
  isBriefed,
  isOurs,
  nextStep,
  replyFor,
  type Shown,
  type Step,
  sessions,
  shownIn,
  task,
} from './story.ts'
import { takeWire, type Wire } from './wire.ts'

/** What came of driving one client through the story. */
export interface Driven {
  readonly version: string
  readonly steps: readonly Done[]
  /** As whom it acted, as the records say. */
  readonly agent: string | undefined
  /** What its first request spends on our tools, in bytes; next to nothing where it only names them. */
  readonly toolBytes: number
  readonly fixture: Fixture
  /** What the programs wrote. */
  readonly output: string
}

interface Done {
  readonly name: string
  readonly isPassed: boolean
  /** What the model saw of it. */
  readonly shown: string
}

/** How long a program may take, besides the model's own time, in milliseconds. */
const patienceMs = 240_000

/** Sets a client up by `hivewax init` in a project of its own, and lets its model do the work of all sessions. */
export async function runClient(client: RealClient, installed: Installed, waitMs: number): Promise<Driven> {
  const base = path.join(installed.scratch, 'runs', client.name)
  fs.rmSync(base, { recursive: true, force: true })
  const [home, project, wire] = ['home', 'project', 'wire'].map(name => path.join(base, name)) as [
    string,
    string,
    string,
  ]
  for (const folder of [home, path.join(project, '.git'), wire]) fs.mkdirSync(folder, { recursive: true })
  const model = new ScriptedModel()
  const place = { home, project, modelUrl: await model.listen(), hivewax: installed.hivewax }
  const run = runnerIn(place, { ...surroundings(place, installed.bin), ...client.env(place) })
  const program = path.join(installed.bin, client.program)
  try {
    client.prepare(place)
    const version = await run([program, '--version'], patienceMs)
    if (client.signIn) await run([program, ...client.signIn(place)], patienceMs)
    const output = await setUp(client, installed, run)
    takeWire(wire) // of the connection that `init` tried
    const told: Told[] = []
    for (const steps of sessions) {
      const heard = tell(model, steps, waitMs)
      const output = await run([program, ...client.args], waitMs + patienceMs)
      told.push({ ...heard(), output, wire: takeWire(wire) })
    }
    const [number = version.trim()] = /\d+\.\d+\.\d+(-[\w.]+)?/.exec(version) ?? []
    const recorded = sessions.flatMap((steps, i) => {
      const { shown, wire } = told[i] ?? {}
      return shown && wire ? [recordSession(steps, shown, wire, place)] : []
    })
    return {
      ...outcome(client, told),
      version: number,
      output: [output, ...told.map(({ output }) => output)].join('\n'),
      fixture: { client: client.name, version: number, sessions: recorded },
    }
  } finally {
    if (client.end) await run([program, ...client.end], patienceMs)
    await model.close()
  }
}

async function setUp(
  { name, program, approve, isOfHome }: RealClient,
  { bin, hivewax }: Installed,
  run: Run,
): Promise<string> {
  const commands = [
    [process.execPath, hivewax, 'init', '--client', name, '--yes', ...(isOfHome ? ['--home'] : [])],
    [process.execPath, hivewax, 'tasks', 'create', task.description, '--id', task.id],
    ...(approve === undefined ? [] : [[path.join(bin, program), ...approve]]),
  ]
  let output = ''
  for (const command of commands) output += await run(command, patienceMs)
  return output
}

/** What the model was told in a session. */
interface Heard {
  readonly shown: Shown
  readonly toolBytes: number
  /** Whether the first request already told what the session before has decided. */
  readonly isBriefed: boolean
}

interface Told extends Heard {
  readonly output: string
  readonly wire: Wire
}

/** Lets the model do the steps of a session. @returns what it was told since */
function tell(model: ScriptedModel, steps: readonly Step[], waitMs: number): () => Heard {
  let last: Turn = { tools: [], seen: [] }
  let first: { turn: Turn; body: Body } | undefined
  model.script = async (turn, body) => {
    // Requests for a title and the like have no tools.
    if (turn.tools.length === 0) return { say: 'Work' }
    first ??= { turn, body }
    if (turn.seen.length >= last.seen.length) last = turn
    const step = nextStep(steps, turn)
    const reply = replyFor(step, steps, turn)
    if (step?.isLong && 'call' in reply) await sleep(waitMs)
    return reply
  }
  return () => {
    const ours = first?.turn.tools.filter(({ name }) => isOurs(name)).map(({ entry }) => entry)
    return {
      shown: shownIn(steps, last),
      toolBytes: ours === undefined ? 0 : JSON.stringify(ours).length,
      isBriefed: isBriefed(JSON.stringify(first?.body ?? '')),
    }
  }
}

function outcome(client: RealClient, told: readonly Told[]): Pick<Driven, 'steps' | 'agent' | 'toolBytes'> {
  const steps = sessions.flatMap((steps, i) =>
    steps.map(({ name, isPassed }): Done => {
      const shown = told[i]?.shown[name] ?? ''
      return { name, shown, isPassed: isPassed(shown) }
    }),
  )
  if (client.hasHooks) steps.push({ name: 'hook', shown: '', isPassed: told.at(-1)?.isBriefed ?? false })
  const [, agent] = /\\?"agent\\?":\s*\\?"([^"\\]+)/.exec(told[0]?.shown.recall ?? '') ?? []
  return { steps, agent, toolBytes: told[0]?.toolBytes ?? 0 }
}
