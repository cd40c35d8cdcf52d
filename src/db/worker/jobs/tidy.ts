import type { Connection } from '../../sqlite/connection.ts'
import { staleStatistics } from '../../sqlite/statistics.ts'
import { connected, type JobContext, pacer, quoted } from './job.ts'

/** Pages of the full-text index that one transaction merges: writers wait for no more than that. */
const mergePages = 200

const writing = (context: JobContext) => ({ readOnly: false, waitMs: context.waitMs })

/** How long cutting the log off waits for readers, in milliseconds: meanwhile no process can write. */
const cutWaitMs = 200

/**
 * Merges the write-ahead log into the file, as far as is possible without waiting for others, and cuts it off: unless
 * others read what is in it, or have written meanwhile, for which it waits a moment only when told to. Being unable to is not
 * an error: the next one will.
 */
export async function checkpoint(mode: 'wait' | 'at once', context: JobContext): Promise<void> {
  await connected(context.file, writing(context), connection => {
    const [merged] = [...connection.iterate('pragma wal_checkpoint(passive)', [])]
    // What cannot be merged cannot be cut off either.
    if (merged?.log !== merged?.checkpointed && mode === 'at once') return
    connection.exec(`pragma busy_timeout=${mode === 'wait' ? cutWaitMs : 0}; pragma wal_checkpoint(truncate)`)
  })
}

/** Rewrites the whole file without gaps. Writers wait all the while. */
export async function vacuum(_input: undefined, context: JobContext): Promise<void> {
  await connected(context.file, { ...writing(context), trusted: true }, connection => {
    context.report('rewrite', 0)
    connection.exec('vacuum')
    // Before the next commit of any process, which would else have to merge it all, on a main thread perhaps.
    connection.exec('pragma wal_checkpoint(passive)')
  })
}

/** Every index by itself, so that writers get their turn in between. */
export async function reindex(_input: undefined, context: JobContext): Promise<void> {
  await connected(context.file, writing(context), async connection => {
    const text = "select name from sqlite_schema where type = 'index' order by name"
    const names = [...connection.iterate(text, [])].map(row => String(row.name))
    const rest = pacer()
    for (const [i, name] of names.entries()) {
      context.report(name, i / names.length)
      await context.write(() => connection.exec(`reindex ${quoted(name)}`))
      rest()
    }
  })
}

/** Statistics of each table that lacks them, one at a time, then the full-text index in slices. */
export async function optimize(_input: undefined, context: JobContext): Promise<void> {
  await connected(context.file, writing(context), async connection => {
    const rest = pacer()
    const statements = staleStatistics(connection)
    for (const [i, statement] of statements.entries()) {
      context.report('statistics', (0.5 * i) / statements.length)
      await context.write(() => connection.exec(statement))
      rest()
    }
    const indexes = fullTextTables(connection)
    for (const [i, name] of indexes.entries()) {
      context.report('full text', 0.5 + (0.5 * i) / indexes.length)
      await mergeFullText(connection, name, context)
    }
  })
}

function fullTextTables(connection: Connection): string[] {
  const text = "select name from sqlite_schema where sql like 'create virtual table%using fts5%'"
  return [...connection.iterate(text, [])].map(row => String(row.name))
}

/** A negative count starts the merge of all segments into one; then on until a step changes nothing. */
async function mergeFullText(connection: Connection, name: string, context: JobContext): Promise<void> {
  const rest = pacer()
  const merge = async (pages: number) => {
    const before = Number(connection.value('select total_changes()'))
    const statement = `insert into ${quoted(name)} (${quoted(name)}, rank) values ('merge', ${pages})`
    await context.write(() => connection.exec(statement))
    rest()
    // The insert itself counts as one change: https://sqlite.org/fts5.html#the_merge_command
    return Number(connection.value('select total_changes()')) - before >= 2
  }
  if (await merge(-mergePages)) while (await merge(mergePages));
}
