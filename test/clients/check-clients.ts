import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeFixture } from './fixture.ts'
import { installClient, installHivewax } from './install.ts'
import { type RealClient, realClients } from './real-clients.ts'
import { type Driven, runClient } from './run-client.ts'

/**
 * Drives coding agents as they come from npm through a story against this checkout, with a model of our own on
 * loopback: `npm run check:clients -- --client codex --wait 5 --record --folder F`.
 *
 * Exits with 1 when a step failed, and with 2 when a client could not be tried.
 */
const { values } = parseArgs({
  options: {
    /** Which ones, separated by commas. */
    client: { type: 'string' },
    /** How long the model takes for its task, in seconds. */
    wait: { type: 'string', default: '90' },
    /** Where to install; what is there is used again. Default: a folder that is removed in the end. */
    folder: { type: 'string' },
    /** Keep what the clients said and showed for the tests. */
    record: { type: 'boolean', default: false },
  },
})

const chosen = values.client?.split(',')
const clients = realClients.filter(({ name }) => chosen?.includes(name) ?? true)
const scratch = path.resolve(values.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-clients-')))

try {
  const installed = installHivewax(scratch)
  for (const client of clients) {
    const problem = installClient(scratch, client)
    if (problem !== undefined) tellProblem(client, problem)
    else tell(client, await runClient(client, installed, Number(values.wait) * 1_000))
  }
} finally {
  if (values.folder === undefined) fs.rmSync(scratch, { recursive: true, force: true })
}

function tell({ name }: RealClient, { version, agent, steps, toolBytes, output, fixture }: Driven): void {
  const failed = steps.filter(({ isPassed }) => !isPassed)
  const bytes = (step: string) => steps.find(({ name }) => name === step)?.shown.length ?? 0
  const cells = [
    `${name} ${version}`.padEnd(24),
    (agent === undefined ? 'not connected' : `as ${agent}`).padEnd(30),
    `${steps.length - failed.length} of ${steps.length}`,
    `tools ${toolBytes} B, briefing ${bytes('briefing')} B, a record ${bytes('recall')} B`,
  ]
  process.stdout.write(`${failed.length === 0 ? '✓' : '✗'} ${cells.join('  ')}\n`)
  for (const { name, shown } of failed)
    process.stdout.write(`    ${name}: the model saw ${JSON.stringify(shown)}\n`)
  if (failed.length > 0) {
    process.stdout.write(`${output}\n`)
    process.exitCode = 1
  } else if (values.record) writeFixture(fixture)
}

function tellProblem({ name }: RealClient, problem: string): void {
  process.stdout.write(`? ${name.padEnd(24)}  ${problem}\n`)
  process.exitCode ??= 2
}
