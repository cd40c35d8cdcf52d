import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { removeMade, startFolders } from './folders.ts'
import { startServer } from './postgres-server.ts'
import { seedOfRun } from './rounds.ts'
import { makeTemplates } from './templates.ts'

/** Where every process of a run finds the sources compiled: it takes two thirds off the work of its start. */
const compileCache = path.join(import.meta.dirname, '../../node_modules/.cache/compiled')

/**
 * What the test files of a run share: a folder for their files, a PostgreSQL server unless HIVEWAX_TEST_PG_URL names
 * one, an empty store on each engine to copy, and a seed for what is random. Whatever it makes is told to them by the
 * environment.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env.NODE_COMPILE_CACHE ??= compileCache
  seedOfRun()
  const removeFolders = startFolders()
  const server = process.env.HIVEWAX_TEST_PG_URL ? undefined : startServer()
  if (server !== undefined) process.env.HIVEWAX_TEST_PG_URL = server.url
  await makeTemplates({ onPostgres: server !== undefined })
  // Who watches the tests changes the sources that they were made from.
  project.onTestsRerun(removeMade)
  const tearDown = async () => {
    await server?.stop()
    removeFolders()
  }
  // Vitest ends at once on a signal, and would leave the server and the files behind: the server is ended first, and
  // what is left is removed as the process exits.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void tearDown().finally(() => process.exit(1)))
  process.once('exit', removeFolders)
  return tearDown
}
