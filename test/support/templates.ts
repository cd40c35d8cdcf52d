import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'

const postgresTemplate = 'hivewax_template'

/**
 * Makes an empty store on each engine, as hivewax does, for the tests to copy: a copy costs a sixth of a creation.
 * @param options.onPostgres whether the server is ours; on another one each test creates its store
 */
export async function makeTemplates(options: { onPostgres: boolean }): Promise<void> {
  const file = path.join(os.tmpdir(), 'template.db')
  process.env.HIVEWAX_TEST_TEMPLATE = file
  if (!options.onPostgres) return makeStores(file)
  await onServer(`create database ${postgresTemplate}`)
  makeStores(file, databaseUrl(postgresTemplate))
  process.env.HIVEWAX_TEST_PG_TEMPLATE = postgresTemplate
}

/** Makes `file` an empty store. */
export function copySqliteTemplate(file: string): void {
  fs.copyFileSync(process.env.HIVEWAX_TEST_TEMPLATE ?? '', file, fs.constants.COPYFILE_EXCL)
}

/** Whether there is a store on the PostgreSQL server to copy. */
export function hasPostgresTemplate(): boolean {
  return process.env.HIVEWAX_TEST_PG_TEMPLATE !== undefined
}

/** Makes a database that is an empty store, and returns its URL. */
export async function copyPostgresTemplate(database: string): Promise<string> {
  // The data of the tests' server lies in memory, where files are copied faster than the log is written.
  await onServer(
    `create database ${database} template ${process.env.HIVEWAX_TEST_PG_TEMPLATE} strategy file_copy`,
  )
  return databaseUrl(database)
}

/** Drops a database, though the last statements of a process that the test killed may still be under way. */
export async function dropPostgresCopy(database: string): Promise<void> {
  await onServer(`drop database ${database} with (force)`)
}

/** By a process that ends in peace: it keeps what it has compiled for those that will be killed before they could. */
function makeStores(...locations: string[]): void {
  const child = path.join(import.meta.dirname, '../children/make-stores.ts')
  execFileSync(process.execPath, [child, ...locations], { stdio: ['ignore', 'ignore', 'inherit'] })
}

function databaseUrl(database: string): string {
  const url = new URL(process.env.HIVEWAX_TEST_PG_URL ?? '')
  url.pathname = `/${database}`
  return url.href
}

let connection: pg.Pool | undefined

/** Runs a statement of the server's owner, on a connection that the process keeps. */
async function onServer(statement: string): Promise<void> {
  connection ??= connectTo(process.env.HIVEWAX_TEST_PG_URL ?? '')
  await connection.query(statement)
}

/** A connection that is kept while it is used, and keeps no process alive. */
export function connectTo(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 1, allowExitOnIdle: true })
  // The server may end before the process does.
  pool.on('error', () => {})
  return pool
}
