import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { locate } from '../../location/location.ts'
import { type Checked, checkClient } from '../../setup/check-client.ts'
import { unifiedDiff } from '../../setup/diff.ts'
import { isTemporary } from '../../setup/launch-command.ts'
import { applySetup, type Change, planSetup, type Setup } from '../../setup/setup.ts'
import { visible } from '../../util/visible.ts'
import type { Cli } from '../cli.ts'
import type { Printer } from '../print/printer.ts'
import { isTerminal, whenReaderGoes } from '../print/standard-streams.ts'

interface InitInput {
  client?: string[]
  remove?: boolean
  home?: boolean
  ask?: boolean
  instructions?: boolean
  check?: boolean
  dryRun?: boolean
}

/** Shows what it would change, asks, changes it, and says what is left to do. Fails at last for files that it could not edit. */
export async function run(cli: Cli, input: InitInput): Promise<number | undefined> {
  if (input.check) return check(cli, input)
  const { client, remove = false, home = false, ask = false, instructions = false, dryRun = false } = input
  // `--yes` holds also when `| head` has seen enough of the diff.
  const undo = whenReaderGoes(() => {})
  const setup = planSetup({ clients: client, remove, home, ask, instructions }, locate(cli.flags.url))
  if (!cli.print.json) for (const change of setup.changes) printDiff(cli.print, change)
  const isDone = !dryRun && (await mayApply(cli, setup))
  // Before the files: a memory that cannot be opened is nothing to set up.
  if (isDone && !remove && !home) await cli.memory()
  if (isDone) applySetup(setup)
  // They all start the same program: one that reaches the memory is proof of it.
  const checked =
    isDone && !remove && !home ? await checkEach({ ...setup, clients: setup.clients.slice(0, 1) }) : []
  report(cli.print, setup, { isDone, remove, checked })
  undo()
  const [problem, ...others] = setup.problems
  for (const { message } of others) cli.print.note(message)
  if (problem !== undefined) throw problem
  return exitCodeOf(checked)
}

/** Says of each client whether it reaches the memory, and as whom. */
async function check(cli: Cli, { client, home = false }: InitInput): Promise<number | undefined> {
  const checked = await checkEach(planSetup({ clients: client, home }, locate(cli.flags.url)))
  if (cli.print.json) cli.print.document({ clients: checked })
  else for (const each of checked) cli.print.styled(spelled(cli.print, each))
  return exitCodeOf(checked)
}

/** One after the other: a server that starts beside others takes longer than its client would wait. */
async function checkEach({ clients, places }: Pick<Setup, 'clients' | 'places'>): Promise<Checked[]> {
  const checked: Checked[] = []
  for (const client of clients) checked.push(await checkClient(client, places))
  return checked
}

function exitCodeOf(checked: readonly Checked[]): number | undefined {
  return checked.some(({ problem }) => problem !== undefined) ? 1 : undefined
}

function spelled({ out }: Printer, { title, agent, problem }: Checked): string {
  if (problem === undefined)
    return `${out.green('✓')} ${title} reaches the memory as ${visible(String(agent))}: it stored a record and read it back`
  return `${out.red('✗')} ${title}: ${visible(problem)}`
}

/** Whether to go on: nothing to change, `--yes`, or a person said so. */
async function mayApply(cli: Cli, { changes }: Setup): Promise<boolean> {
  if (changes.length === 0 || cli.flags.yes) return true
  const files = changes.length === 1 ? 'this file' : `these ${changes.length} files`
  const isAsking = cli.flags.input !== false && !cli.print.json
  const answer = isAsking ? await cli.ask(`Change ${files}? [y/N] `) : undefined
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return true
  if (answer !== undefined) throw new InvalidInput('nothing was changed')
  throw new InvalidInput('nothing was changed: there is nobody to ask', {
    hint: 'Add --yes to make these changes.',
  })
}

function printDiff(print: Printer, change: Change): void {
  const safe = isTerminal(1) ? visible : String
  for (const line of diffOf(change).split('\n').map(safe)) {
    if (line.startsWith('+') && !line.startsWith('+++')) print.styled(print.out.green(line))
    else if (line.startsWith('-') && !line.startsWith('---')) print.styled(print.out.red(line))
    else print.styled(line)
  }
}

function diffOf({ file, before, after }: Change): string {
  return unifiedDiff(path.relative(process.cwd(), file), before, after)
}

function report(
  print: Printer,
  setup: Setup,
  { isDone, remove, checked }: { isDone: boolean; remove: boolean; checked: readonly Checked[] },
): void {
  const { clients, changes, program } = setup
  const next = remove ? [] : clients.map(({ title, next }) => ({ client: title, next }))
  if (print.json) {
    const files = changes.map(change => ({ client: change.client, file: change.file, diff: diffOf(change) }))
    print.document({ changed: isDone, changes: files, next, clients: checked })
    return
  }
  if (!isDone) print.note('nothing was changed: this was a dry run')
  else if (changes.length === 0) print.note('nothing to change: all is as it should be')
  else print.note(`changed ${changes.map(({ file }) => path.relative(process.cwd(), file)).join(', ')}`)
  for (const each of checked) print.styled(spelled(print, each))
  if (isDone) for (const { client, next: step } of next) print.styled(`${print.out.bold(client)}: ${step}`)
  if (isDone && remove) print.note('the memory itself is left as it is')
  if (!remove && isTemporary(program)) {
    print.note(
      `${program.script} is in a cache of npm, which may be cleared: install hivewax and run its init again`,
    )
  }
}
