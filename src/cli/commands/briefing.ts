import type { Briefing, BriefingOptions } from '../../briefing/briefing.ts'
import type { Cli } from '../cli.ts'
import { commandLine } from '../command-line.ts'

/** Shows a briefing to people: what agents are told, in the words of the command line. */
export async function run(cli: Cli, options: BriefingOptions): Promise<undefined> {
  const memory = await cli.memory()
  const briefing = await memory.briefing(options)
  if (cli.print.json) cli.print.document(briefing)
  else show(cli, briefing)
}

function show({ print }: Cli, { sections }: Briefing): void {
  for (const { title, lines, left, more } of sections) {
    print.styled(`${print.out.bold(title)}  ${print.out.dim(commandLine(more))}`)
    for (const line of lines) print.line(`- ${line}`)
    if (left > 0) print.styled(print.out.dim(`  … ${left} more`))
    print.styled('')
  }
  if (sections.length === 0) print.note('nothing to tell yet')
}
