import { packageVersion } from '../../version.ts'
import type { Cli } from '../cli.ts'
import type { Printer } from '../print/printer.ts'
import { printResult } from '../print/result.ts'

export async function run(cli: Cli): Promise<undefined> {
  const { node, sqlite } = process.versions
  printResult(cli.print, { hivewax: packageVersion(), node, sqlite }, {})
}

/** For `--version`: one line, as with most programs. */
export function printVersion(print: Printer): undefined {
  if (print.json) print.document(packageVersion())
  else print.line(`hivewax ${packageVersion()}`)
}
