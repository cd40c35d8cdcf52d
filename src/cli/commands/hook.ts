import { type HookOptions, runHook } from '../../hooks/run-hook.ts'
import type { Cli } from '../cli.ts'
import { writeOut } from '../print/standard-streams.ts'

/** For a call with options before the name of the command; see {@link hookMain}. */
export async function run(
  cli: Cli,
  { event, client, budget }: Pick<HookOptions, 'event' | 'client' | 'budget'>,
): Promise<undefined> {
  await runHook({ event, client, budget, url: cli.flags.url, write: writeOut })
}

/** Reads `EVENT --client NAME --url URL --budget TOKENS`, and whatever else is there it passes over: a hook does not fail. */
export async function hookMain(args: readonly string[]): Promise<void> {
  const option = (name: string) => {
    const inline = args.find(arg => arg.startsWith(`${name}=`))
    return inline?.slice(name.length + 1) ?? (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
  }
  const [event] = args
  const budget = Number(option('--budget')) || undefined
  await runHook({
    event: event?.startsWith('-') ? undefined : event,
    client: option('--client'),
    budget,
    url: option('--url'),
    write: writeOut,
  })
}
