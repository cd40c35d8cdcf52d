import type { SharedChange } from '../../shared/shared.ts'
import { type Cli, interruptedExit } from '../cli.ts'
import { oneLine, tabField } from '../print/display-text.ts'
import { localTime, spell, toJson } from '../print/value.ts'

interface WatchInput {
  prefix?: string
  since?: number
}

export async function run(cli: Cli, { prefix = '', since }: WatchInput): Promise<number> {
  const { shared } = await cli.memory()
  for await (const { changes } of shared.watch(prefix, { since, signal: cli.interrupted() })) {
    for (const change of changes) printChange(cli, change)
  }
  return interruptedExit
}

function printChange({ print, flags }: Cli, change: SharedChange): void {
  print.line(print.json ? toJson(change) : flags.plain ? plainLine(change) : humanLine(change))
}

function humanLine({ key, value, version, deleted, updatedBy, updatedAt }: SharedChange): string {
  const by = updatedBy === undefined ? '' : ` by ${updatedBy}`
  return `${localTime(updatedAt)}  ${oneLine(key)} (version ${version}${by})  ${deleted ? 'deleted' : toJson(value)}`
}

function plainLine({ key, value, version, updatedBy, updatedAt, revision }: SharedChange): string {
  const fields = [
    revision,
    updatedAt,
    updatedBy,
    key,
    version,
    value === undefined ? undefined : toJson(value),
  ]
  return fields.map(field => tabField(spell(field, 'programs'))).join('\t')
}
