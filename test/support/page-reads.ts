import fs from 'node:fs'
import { DatabaseSync, type SQLInputValue, StatementSync } from 'node:sqlite'

/** A statement of this process, and what it was run with. */
interface Ran {
  readonly text: string
  readonly params: SQLInputValue[]
}

const runners = ['all', 'get', 'iterate'] as const

/** The statements on SQLite that only read, in the order in which `call` runs them in this process. */
export async function readsOf(call: () => Promise<unknown>): Promise<Ran[]> {
  const ran: Ran[] = []
  const prototype = StatementSync.prototype as unknown as Record<
    string,
    (...params: SQLInputValue[]) => unknown
  >
  const originals = runners.map(name => [name, prototype[name]!] as const)
  for (const [name, original] of originals) {
    prototype[name] = function (this: StatementSync, ...params) {
      if (/^\s*(select|with)\b(?![\s\S]*\b(insert|update|delete)\b)/i.test(this.sourceSQL))
        ran.push({ text: this.sourceSQL, params })
      return original.apply(this, params)
    }
  }
  try {
    await call()
  } finally {
    for (const [name, original] of originals) prototype[name] = original
  }
  return ran
}

/** How many pages of the file each statement looks at: read anew each time, since the connection keeps none of them. */
export function pagesOf(file: string, statements: readonly Ran[]): { text: string; pages: number }[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    db.exec('pragma cache_size = 0; pragma mmap_size = 0')
    const pageSize = Number(db.prepare('pragma page_size').get()?.page_size)
    return statements.map(({ text, params }) => {
      const statement = db.prepare(text)
      const before = bytesRead()
      statement.all(...params)
      return { text, pages: Math.floor((bytesRead() - before) / pageSize) }
    })
  } finally {
    db.close()
  }
}

/** Linux counts what a process reads: proc_pid_io(5). */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1])
}
