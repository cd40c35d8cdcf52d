import type { Cli } from '../cli.ts'
import { commands } from '../command-tree.ts'
import { printHelp } from '../help.ts'
import type { Printer } from '../print/printer.ts'

interface HelpInput {
  words?: string[]
  all?: boolean
}

export async function run(cli: Cli, { words = [], all = false }: HelpInput): Promise<undefined> {
  printHelp(cli.print, words, true)
  if (all) for (const { path } of commands.all) printSection(cli.print, path)
}

function printSection(print: Printer, path: string): void {
  print.styled(`\n${print.out.bold(`hivewax ${path}`)}\n`)
  printHelp(print, [path], true)
}
