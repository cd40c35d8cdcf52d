// Writes the generated parts of docs/reference; with --check, fails when they are not what they would become.
import { stalePages, writePages } from './docs/pages.ts'

if (process.argv.includes('--check')) {
  const stale = await stalePages()
  for (const page of stale) process.stderr.write(`${page} is stale: run npm run docs\n`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const page of await writePages()) process.stdout.write(`${page}\n`)
}
