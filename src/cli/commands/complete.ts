import type { Cli } from '../cli.ts'
import { complete } from '../completion-candidates.ts'
import { oneLine } from '../print/display-text.ts'

/** What the completion scripts call: candidates for the last word, each with a tab and a description. */
export async function run(cli: Cli, { words = [''] }: { words?: string[] }): Promise<undefined> {
  for (const { text, description } of await complete(words, cli))
    cli.print.line(`${text}\t${oneLine(description)}`)
}
