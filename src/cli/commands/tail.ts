import type { EventRecord, Events } from '../../events/events.ts'
import type { EventFilter } from '../../events/filter.ts'
import { type Cli, interruptedExit } from '../cli.ts'
import { oneLine, pad, tabField } from '../print/display-text.ts'
import { localTime, spell, toJson } from '../print/value.ts'

interface TailInput extends EventFilter {
  follow?: boolean
  lines?: number
  since?: number
}

export async function run(cli: Cli, { follow, lines = 10, since, ...filter }: TailInput): Promise<number> {
  const { events } = await cli.memory()
  // Subscribing before looking back misses nothing; an event that both show is recognized by its id.
  const coming = follow ? events.subscribe({ ...filter, since, signal: cli.interrupted() }) : []
  let last = since ?? 0
  for await (const event of past(events, filter, { since, lines, follow: follow ?? false })) {
    printEvent(cli, event)
    last = event.id
  }
  for await (const event of coming) if (event.id > last) printEvent(cli, event)
  return follow ? interruptedExit : 0
}

interface Past {
  since: number | undefined
  lines: number
  follow: boolean
}

/** The latest events, or all after `since`, which a subscription yields by itself. */
async function* past(
  events: Events,
  filter: EventFilter,
  { since, lines, follow }: Past,
): AsyncGenerator<EventRecord> {
  if (since === undefined) {
    if (lines > 0) yield* (await events.list({ ...filter, order: 'desc', limit: lines })).items.reverse()
    return
  }
  let cursor: string | undefined
  do {
    const page = follow ? { items: [], cursor: undefined } : await events.list({ ...filter, since, cursor })
    yield* page.items
    cursor = page.cursor
  } while (cursor !== undefined)
}

function printEvent({ print, flags }: Cli, event: EventRecord): void {
  print.line(print.json ? toJson(event) : flags.plain ? plainLine(event) : humanLine(event))
}

function humanLine({ timestamp, type, source, data }: EventRecord): string {
  const columns = [localTime(timestamp), pad(oneLine(type), 20), pad(oneLine(source), 14)]
  return [...columns, data === undefined ? '' : toJson(data)].join('  ').trimEnd()
}

function plainLine({ id, timestamp, type, source, data }: EventRecord): string {
  const fields = [id, timestamp, type, source, data === undefined ? undefined : toJson(data)]
  return fields.map(field => tabField(spell(field, 'programs'))).join('\t')
}
