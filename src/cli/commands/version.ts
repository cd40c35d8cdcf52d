import fs from 'node:fs'
import path from 'node:path'
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

/** From package.json, which lies above the sources and above the bundle. */
function packageVersion(): string {
  for (let folder = import.meta.dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    const { name, version } = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
    if (name === 'hivewax') return version
  }
  return 'unknown'
}
