// Records a store of the schema of today on each engine, before a migration after it is released:
// node test/upgrade/record/record.ts
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import type { Db } from '../../../src/db/db.ts'
import { migrations, schemaId } from '../../../src/db/migrations/index.ts'
import { PostgresStore } from '../../../src/db/postgres/postgres-store.ts'
import { sql } from '../../../src/db/sql.ts'
import { openSqlite } from '../../../src/db/sqlite/open-sqlite.ts'
import type { Memory } from '../../../src/memory.ts'
import { openMemory } from '../../../src/open.ts'
import { systemClock } from '../../../src/util/clock.ts'
import { startServer } from '../../support/postgres-server.ts'
import { answers } from '../answers.ts'
import { dumpFile, dumpSchema } from './dump.ts'
import { fill } from './fill.ts'

const tables = migrations.map(({ postgres }) => postgres).join('')
const stores = new URL('../stores/', import.meta.url)
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-record-'))
const server = startServer()
try {
  const file = path.join(folder, 'memory.db')
  await opened(file, memory => fill(memory, path.join(folder, 'sqlite.db')))
  const { store, release } = await openSqlite(file, {})
  await settle(store.db(systemClock))
  await release()
  write('sqlite', 'sql', dumpFile(file))
  write('sqlite', 'json', await opened(file, answered))
  await opened(server.url, memory => fill(memory, path.join(folder, 'postgres.db')))
  const postgres = await PostgresStore.open(server.url)
  await settle(postgres.db(systemClock))
  await postgres.close()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  write('postgres', 'sql', await dumpSchema(client, tables))
  await client.end()
  write('postgres', 'json', await opened(server.url, answered))
} finally {
  await server.stop()
  fs.rmSync(folder, { recursive: true })
}

async function opened<T>(location: string, fn: (memory: Memory) => Promise<T>): Promise<T> {
  const memory = await openMemory(location, { background: false })
  try {
    return await fn(memory)
  } finally {
    await memory.close()
  }
}

/** Takes some of what there is into the kept counts, for which upkeep waits until it is more; nobody lapses with this process. */
async function settle(db: Db): Promise<void> {
  await db.all(sql`update hivewax_agent_connections set machine = 'another machine', process = '1 1'`)
  for (const table of ['events', 'memory_store'] as const)
    await db.transaction(tx => tx.dialect.tallies.take(tx, table))
}

/** Once the last lease has lapsed, as all have for whoever opens the recorded store. */
async function answered(memory: Memory): Promise<string> {
  while ((await memory.locks.list()).items.length + (await memory.shared.leases()).items.length > 0)
    await new Promise(resolve => setTimeout(resolve, 100))
  return `${JSON.stringify(await answers(memory), undefined, 2)}\n`
}

function write(engine: string, kind: string, text: string): void {
  // What a program recorded of its time is not replaced by what a later one would.
  fs.writeFileSync(new URL(`${engine}-${schemaId}.${kind}`, stores), text, { flag: 'wx' })
}
