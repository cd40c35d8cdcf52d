import fs from 'node:fs/promises'

/** Between two flushes, in milliseconds: what is flushed at once holds up commits on the same disk. */
const flushEveryMs = 20

/**
 * Watches a private file that `work` writes in one long statement: reports how large it has become, and flushes
 * it bit by bit. One flush at the end would make every commit on the same disk wait for as long (0.1 s for
 * 200 MB), and the event loop with it.
 */
export async function flushWhileGrowing<T>(
  file: string,
  work: () => Promise<T>,
  onSize: (bytes: number) => void,
): Promise<T> {
  // Opening a file that SQLite has open is wrong elsewhere, since closing it drops locks; this one no
  // other code opens.
  const handle = await fs.open(file, 'r')
  let isFlushing = false
  let flushed = Promise.resolve()
  const flush = async () => {
    const { size } = await handle.stat()
    await handle.datasync()
    isFlushing = false
    onSize(size)
  }
  const timer = setInterval(() => {
    if (isFlushing) return
    isFlushing = true
    flushed = flush()
    // What it throws is thrown below; until then no further flush begins.
    flushed.catch(() => {})
  }, flushEveryMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await flushed
    await handle.close()
  }
}
