import { startServer } from './postgres-server.ts'

/** Starts a PostgreSQL server for the tests, unless HIVEWAX_TEST_PG_URL names one. */
export default function setup(): (() => Promise<void>) | undefined {
  if (process.env.HIVEWAX_TEST_PG_URL) return undefined
  const server = startServer()
  process.env.HIVEWAX_TEST_PG_URL = server.url
  return () => server.stop()
}
