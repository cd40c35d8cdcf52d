import fs from 'node:fs'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import type { TestClock } from './clock.ts'
import { emptyFile, openScratch } from './memory.ts'
import { emptyUrl, openPostgresScratch, withClient } from './postgres.ts'

/** A statement, and how many pages it has looked at: however it comes by what it finds, by that it is judged. */
export interface Looked {
  readonly text: string
  readonly pages: number
}

/** An engine, and what its statements look at in this process. */
export interface MeteredEngine {
  readonly name: 'sqlite' | 'postgres'
  /** An empty store whose statements are counted, with nothing of it kept in this process's memory. */
  open(clock: TestClock): Promise<Memory>
  /** Takes away what a planner knows of the rows of a store. */
  forgetStatistics(memory: Memory): Promise<void>
  /** What the statements look at that are run while `call` is: those of triggers too. */
  looksOf(call: () => Promise<unknown>): Promise<Looked[]>
}

const options = { durability: 'normal', cacheBytes: 0 } as const

/** Which connection has prepared a statement. */
const connections = new WeakMap<StatementSync, DatabaseSync>()

/** SQLite reads each page from its file that its connection does not keep; and Linux counts what a process reads. */
const sqlite: MeteredEngine = {
  name: 'sqlite',
  open: async clock => {
    const { prepare } = DatabaseSync.prototype
    DatabaseSync.prototype.prepare = function (...args) {
      const statement = prepare.apply(this, args)
      connections.set(statement, this)
      return statement
    }
    onTestFinished(() => {
      DatabaseSync.prototype.prepare = prepare
    })
    return openScratch({ ...options, clock }, emptyFile())
  },
  forgetStatistics: async memory => void (await memory.execute('drop table if exists sqlite_stat1')),
  looksOf: async call => {
    const looked: Looked[] = []
    const prototype = StatementSync.prototype as unknown as Record<string, (...params: unknown[]) => unknown>
    const originals = ['all', 'get', 'run'].map(name => [name, prototype[name]!] as const)
    for (const [name, original] of originals) {
      prototype[name] = function (this: StatementSync, ...params) {
        dropCache(connections.get(this))
        const before = bytesRead()
        try {
          return original.apply(this, params)
        } finally {
          const pages = Math.floor((bytesRead() - before) / pageSize)
          // A commit may merge the log, whatever it has written itself.
          if (!/^(commit|begin|pragma)/.test(this.sourceSQL)) looked.push({ text: this.sourceSQL, pages })
        }
      }
    }
    try {
      await call()
    } finally {
      for (const [name, original] of originals) prototype[name] = original
    }
    return looked
  },
}

const pageSize = 4096

/** Makes a connection forget the pages that it keeps; a statement of a caller's own may not, and runs with what is kept. */
function dropCache(connection: DatabaseSync | undefined): void {
  try {
    connection?.exec('pragma shrink_memory')
  } catch {}
}

/** See proc_pid_io(5). */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/** Tells the client of each statement that it has run, those inside of functions too, and how many pages it looked at. */
const explaining = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'warning',
}

interface Explained {
  'Query Text': string
  Plan: Record<string, number>
}

const postgres: MeteredEngine = {
  name: 'postgres',
  open: async clock => {
    const url = await emptyUrl()
    await withClient(async client => {
      const { rows } = await client.query('select current_database() as name')
      for (const [name, value] of Object.entries(explaining))
        await client.query(`alter database ${rows[0].name} set ${name} = '${value}'`)
      const tables = await client.query('select tablename from pg_tables where schemaname = current_schema()')
      for (const { tablename } of tables.rows)
        await client.query(`alter table ${tablename} set (autovacuum_enabled = off)`)
    }, url)
    return openPostgresScratch({ ...options, clock, maxConnections: 1 }, url)
  },
  forgetStatistics: async memory => {
    const ours = `(select oid from pg_class where relnamespace = current_schema()::regnamespace)`
    await memory.execute('vacuum')
    await memory.execute(`delete from pg_statistic where starelid in ${ours}`)
    // What a planner takes for cheap in a small table, such as reading it whole, it does not do to a large one.
    const pages = 'greatest(1, pg_relation_size(oid) / 8192)'
    await memory.execute(
      `update pg_class set relpages = ${pages}, reltuples = ${pages} * 50000 where oid in ${ours} and relkind in ('r', 'i')`,
    )
  },
  looksOf: async call => {
    const looked: Looked[] = []
    const { emit } = pg.Client.prototype
    pg.Client.prototype.emit = function (this: pg.Client, event: string, ...args: unknown[]) {
      const [notice] = args as [{ message?: string }?]
      const plan = event === 'notice' && /^duration: .*? plan:\n([\s\S]*)/.exec(notice?.message ?? '')?.[1]
      if (plan) looked.push(toLooked(JSON.parse(plan)))
      return emit.call(this, event as never, ...(args as never[]))
    } as never
    try {
      await call()
    } finally {
      pg.Client.prototype.emit = emit
    }
    return looked
  },
}

function toLooked({ 'Query Text': text, Plan: plan }: Explained): Looked {
  const kinds = ['Shared Hit Blocks', 'Shared Read Blocks', 'Temp Read Blocks', 'Temp Written Blocks']
  return { text, pages: kinds.reduce((sum, kind) => sum + (plan[kind] ?? 0), 0) }
}

export const meteredEngines: readonly MeteredEngine[] = [sqlite, postgres]

export function pagesOf(looked: readonly Looked[]): number {
  return looked.reduce((sum, { pages }) => sum + pages, 0)
}
