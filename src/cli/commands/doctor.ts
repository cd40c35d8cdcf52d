import type { Check } from '../../db/engine.ts'
import type { Cli } from '../cli.ts'
import { pad } from '../print/display-text.ts'
import { withProgress } from '../run-operation.ts'

/** Prints a line per check, and exits with 1 when something is wrong. */
export async function run(cli: Cli): Promise<number> {
  const memory = await cli.memory()
  const { ok, checks } = await withProgress(cli, ({ onProgress }) =>
    memory.maintenance.doctor({ onProgress }),
  )
  if (cli.print.json) cli.print.document({ ok, checks })
  else printChecks(cli, checks)
  return ok ? 0 : 1
}

function printChecks({ print }: Cli, checks: readonly Check[]): void {
  const width = Math.max(0, ...checks.map(({ name }) => name.length)) + 2
  for (const { ok, name, message, fix } of checks) {
    const mark = ok ? print.out.green('✓') : print.out.red('✗')
    print.styled(`${mark} ${print.out.bold(pad(name, width))}${message}`)
    if (fix !== undefined) print.styled(`  ${pad('', width)}${print.out.yellow(fix)}`)
  }
}
