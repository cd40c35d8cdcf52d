import type { DiffOptions, JsonChange } from '../../kv/kv.ts'
import { visible } from '../../util/visible.ts'
import type { Cli } from '../cli.ts'
import { toJson } from '../print/value.ts'

interface Input extends DiffOptions {
  key: string
}

/** Shows what differs as lines: `-` what was at a path, `+` what is there. */
export async function run(cli: Cli, { key, ...options }: Input): Promise<undefined> {
  const { print } = cli
  const diff = await (await cli.memory()).kv.diff(key, options)
  if (print.json) return void print.document(diff)
  for (const change of diff.changes) printChange(cli, change)
  const { length } = diff.changes
  const count = length === 0 ? 'no difference' : `${length} change${length === 1 ? '' : 's'}`
  print.note(`${count} from revision ${diff.from} to ${diff.to}`)
}

function printChange({ print }: Cli, { op, path, value, was }: JsonChange): void {
  const line = (sign: string, side: unknown) => visible(`${sign} ${path || '/'}: ${toJson(side)}`)
  if (op !== 'add') print.styled(print.out.red(line('-', was)))
  if (op !== 'remove') print.styled(print.out.green(line('+', value)))
}
