import { InvalidInput } from '../errors.ts'
import type { Cli } from './cli.ts'
import type { Command } from './command.ts'
import { spell } from './print/value.ts'

/** Returns when what a command destroys may be destroyed: `--yes`, a person said so, or nothing is with `--dry-run`. Else InvalidInput. */
export async function confirm(cli: Cli, command: Command, input: Record<string, unknown>): Promise<void> {
  if (cli.flags.yes || input.dryRun === true) return
  const what = Object.values(input).map(value => spell(value, 'people'))
  const question = `${[command.path, ...what].join(' ')}: destroys data for good. Go on? [y/N] `
  const answer = cli.flags.input === false || cli.flags.json ? undefined : await cli.ask(question)
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return
  if (answer !== undefined) throw new InvalidInput('nothing was done')
  throw new InvalidInput(`${command.path} destroys data, and there is nobody to ask`, {
    hint: 'Add --yes when you mean it.',
  })
}
