import fs from 'node:fs'

/** How large the file may grow before it is begun anew, in bytes; the one before is kept beside it. */
const maxBytes = 64 * 1024

/** How much is written of one failure, in characters. */
const longest = 1_000

/** Where the hooks of a store write what went wrong. */
function failuresFile(store: string): string {
  return `${store}.hooks.log`
}

/** Writes down a failure, one line. Where that cannot be done either, nothing is left to do. */
export function logFailure(store: string, what: string, error: unknown): void {
  const file = failuresFile(store)
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const line = `${new Date().toISOString()} ${what}: ${text}`.slice(0, longest).replace(/\s+/g, ' ')
  try {
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (size > maxBytes) fs.renameSync(file, `${file}.1`)
    fs.appendFileSync(file, `${line}\n`, { mode: 0o600 })
  } catch {
    // A read-only disk, say: the hook's host must not notice.
  }
}
