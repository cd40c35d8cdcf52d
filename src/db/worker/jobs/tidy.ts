import type { Connection } from '../../sqlite/connection.ts'
import { connected, type JobContext, pacer, quoted } from './job.ts'

/** Pages of the full-text index that one transaction merges: writers wait for no more than that. */
const mergePages = 200

/** How long a truncating checkpoint waits for readers, in milliseconds: meanwhile no process can write. */
const checkpointWaitMs = 200

const writing = (context: JobContext) => ({ readOnly: false, waitMs: context.waitMs })

/**
 * Merges the write-ahead log into the file: `truncate` all of it, `passive` as much as is possible without
 * waiting for others. Being unable to is not an error: the next one will.
 */
export async function checkpoint(mode: 'truncate' | 'passive', context: JobContext): Promise<void> {
  const options = { ...writing(context), waitMs: checkpointWaitMs }
  await connected(context.file, options, connection => connection.exec(`pragma wal_checkpoint(${mode})`))
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

/** Statistics for every table that changed much or has none yet, then the full-text index in slices. */
export async function optimize(_input: undefined, context: JobContext): Promise<void> {
  await connected(context.file, writing(context), async connection => {
    context.report('statistics', 0)
    await context.write(() => connection.exec('pragma optimize=0x10002'))
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
