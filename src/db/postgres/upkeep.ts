import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { PoolClient } from 'pg'
import type { Clock } from '../../util/clock.ts'
import { readBackup, writeBackup } from '../backup/backup-content.ts'
import { assertNotOpen, assertReplaceable, clearBeside, privateCopy } from '../backup/backup-files.ts'
import { assertAlone } from '../backup/complete-alone.ts'
import { salvageFile } from '../backup/salvage-file.ts'
import { copiedTables } from '../copy/copied-tables.ts'
import { PostgresEndpoint } from '../copy/postgres-endpoint.ts'
import { snapshotOf } from '../copy/snapshot.ts'
import type { Db, Row } from '../db.ts'
import { closed } from '../decorators/closable.ts'
import {
  type AbortableOptions,
  type Check,
  type Engine,
  type Extent,
  type Plan,
  type ProgressOptions,
  portion,
  type Replaced,
  type Salvaged,
  type StoreFacts,
} from '../engine.ts'
import { insertEvents } from '../event-log.ts'
import { theRow } from '../rows.ts'
import type { Sql } from '../sql.ts'
import { quoted } from '../worker/jobs/job.ts'
import { highestIssuedQuery } from '../worker/jobs/numbers.ts'
import { offload } from '../worker/offload.ts'
import { checkServer } from './doctor-checks.ts'
import { explain } from './explain.ts'
import { fetchAll } from './fetch.ts'
import type { PostgresStore } from './postgres-store.ts'
import { extents, facts, ginIndexes, ourTables, unfinishedIndexes } from './store-facts.ts'
import { unlimited } from './timeouts.ts'

/** What maintenance asks of PostgreSQL and SQL cannot say. The server does the work; this process waits for it. */
export class PostgresUpkeep implements Engine {
  readonly #store: PostgresStore
  readonly #clock: Clock
  readonly #isOpen: () => boolean

  constructor(store: PostgresStore, clock: Clock, isOpen: () => boolean) {
    this.#store = store
    this.#clock = clock
    this.#isOpen = isOpen
  }

  async *scan<R extends object = Row>(query: Sql): AsyncGenerator<R[], void, undefined> {
    this.#enter()
    const { statement, params } = this.#store.compile(query)
    const { text } = statement
    const { readable, writable } = new TransformStream<R[], R[]>()
    const writer = writable.getWriter()
    const reading = this.#store
      // The row type is the word of the statement's author, as with `Db.all`.
      .use(client => fetchAll(client, { text, params }, rows => writer.write(rows as R[])))
      .then(() => writer.close())
      .catch(error => writer.abort(error))
    try {
      yield* readable
    } finally {
      await reading.catch(() => {})
    }
  }

  facts(): Promise<StoreFacts> {
    return this.#on(client => facts(client, this.#store.url))
  }

  extents(): Promise<Extent[]> {
    return this.#on(extents)
  }

  plan(text: string): Promise<Plan | undefined> {
    return this.#on(client => explain(client, text))
  }

  /** One table after another. With `full` no other connection reads or writes the table while it is rewritten. */
  async vacuum({ full, ...options }: AbortableOptions & { full?: boolean }): Promise<{ freedBytes: number }> {
    const before = (await this.facts()).sizeBytes
    await this.#eachTable(options, name => `vacuum (${full ? 'full, ' : ''}analyze) ${quoted(name)}`)
    const freed = before - (await this.facts()).sizeBytes
    options.onProgress?.({ step: 'done', fraction: 1 })
    return { freedBytes: Math.max(0, freed) }
  }

  async optimize(options: AbortableOptions & { unref?: boolean }): Promise<void> {
    await this.#eachTable(options, name => `analyze ${quoted(name)}`)
    await this.#on(async client => {
      for (const name of await ginIndexes(client))
        await client.query('select gin_clean_pending_list(cast($1 as regclass))', [name])
    })
    options.onProgress?.({ step: 'done', fraction: 1 })
  }

  /** Others read and write meanwhile. Waits for transactions that are open at present. */
  async reindex(options: AbortableOptions): Promise<void> {
    await this.#on(async client => {
      for (const name of await unfinishedIndexes(client))
        await client.query(`drop index concurrently if exists ${quoted(name)}`)
    })
    const patient = { ...options, lifted: ['lock_timeout'] }
    await this.#eachTable(patient, name => `reindex table concurrently ${quoted(name)}`)
    options.onProgress?.({ step: 'done', fraction: 1 })
  }

  copyTo(target: string, options: AbortableOptions): Promise<void> {
    return this.#on(async client => {
      try {
        await writeBackup(await snapshotOf(client), target, options)
      } finally {
        await client.query('rollback')
      }
    })
  }

  /** No other connection reads or writes the store until the transaction has ended. */
  async replaceWith(
    source: string,
    { sha256, onProgress }: ProgressOptions & { sha256: string | undefined },
  ): Promise<Replaced> {
    this.#enter()
    assertAlone(source)
    const place = { file: privateCopy(os.tmpdir()), waitMs: 0 }
    try {
      const copying = { source, target: place.file, sha256 }
      await offload(place, { name: 'prepare', input: copying }, { onProgress: portion(onProgress, 0, 0.3) })
      const replaced = await this.#store
        .db(this.#clock)
        .transaction(tx => replaceAll(tx, place, { source, onProgress: portion(onProgress, 0.3, 1) }))
      onProgress?.({ step: 'done', fraction: 1 })
      return replaced
    } finally {
      await fs.rm(path.dirname(place.file), { recursive: true, force: true })
    }
  }

  async salvage(source: string, target: string, options: AbortableOptions): Promise<Salvaged> {
    this.#enter()
    return salvageFile(source, target, options)
  }

  async assertReplaceable(file: string): Promise<void> {
    this.#enter()
    await assertReplaceable(file)
  }

  async clearBeside(file: string): Promise<string[]> {
    this.#enter()
    return clearBeside(file)
  }

  assertNotOpen(file: string): void {
    assertNotOpen(file)
  }

  checks(): Promise<Check[]> {
    return this.#on(checkServer)
  }

  /** The server's autovacuum does what there is to do; `checks` says when it does not. */
  async tidy(): Promise<void> {
    this.#enter()
  }

  /** Every call begins here: refuses when the handle was closed, or inside a transaction of this store. */
  #enter(): void {
    if (!this.#isOpen()) throw closed()
    this.#store.assertOutside()
  }

  async #on<T>(fn: (client: PoolClient) => Promise<T>): Promise<T> {
    this.#enter()
    return this.#store.use(fn)
  }

  /** Runs one statement for each table, none of them in a transaction, and with all the time that it needs. */
  async #eachTable(
    { signal, onProgress, lifted = [] }: AbortableOptions & { lifted?: string[] },
    statement: (name: string) => string,
  ): Promise<void> {
    const names = await this.#on(ourTables)
    for (const [i, name] of names.entries()) {
      signal?.throwIfAborted()
      onProgress?.({ step: name, fraction: i / names.length })
      await this.#store.again(() => this.#store.use(client => unhurried(client, statement(name), lifted)))
    }
  }
}

/** @param lifted limits beside that of statements that do not hold for it */
async function unhurried(client: PoolClient, text: string, lifted: readonly string[]): Promise<void> {
  const limits = ['statement_timeout', ...lifted]
  await client.query(limits.map(name => `set ${name} = 0`).join('; '))
  try {
    await client.query(text)
  } finally {
    await client.query(limits.map(name => `reset ${name}`).join('; '))
  }
}

async function replaceAll(
  tx: Db,
  place: { file: string; waitMs: number },
  { source, onProgress }: ProgressOptions & { source: string },
): Promise<Replaced> {
  const run = async (text: string, params: readonly (string | number | null)[] = []) =>
    (await tx.execute(text, params)).rows
  await run(unlimited('transaction'))
  await run(
    `lock table hivewax_counters, ${copiedTables.map(({ name }) => name).join(', ')} in access exclusive mode`,
  )
  const [highest, sharedRevision] = await Promise.all([
    number(run(highestIssuedQuery())),
    number(run(`select value as n from hivewax_counters where name = 'shared_revision'`)),
  ])
  const settled = await offload(place, { name: 'settle', input: { highest, sharedRevision } })
  const target = new PostgresEndpoint(run)
  await target.empty(copiedTables)
  const tables = await readBackup(place.file, target, { ...settled, onProgress })
  const data = JSON.stringify({ path: source })
  const { id } = theRow(await insertEvents(tx, [{ type: 'memory.restored', source: 'system', data }]))
  return { tables, eventId: id }
}

async function number(rows: Promise<Row[]>): Promise<number> {
  return Number((await rows)[0]?.n)
}
