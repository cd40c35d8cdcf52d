import { Deadline } from '../errors.ts'

interface Yielding {
  /** How long others may have to wait for it, in milliseconds. Default: as long as it takes. */
  readonly yieldsAfterMs: number | undefined
  /** Whether others have waited for so many milliseconds, because of nothing else. */
  readonly holdsUp: (ms: number) => boolean | Promise<boolean>
}

/** How often it is asked whether others have waited for too long, in that time. */
const looks = 4

/** Runs what holds up others until they have waited for it long enough: then `ends` aborts. */
export async function yielding<T>(
  { yieldsAfterMs, holdsUp }: Yielding,
  run: (ends: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (yieldsAfterMs === undefined) return run(undefined)
  const ends = new AbortController()
  const look = async () => {
    // A look that fails says nothing.
    const isDue = await Promise.resolve(holdsUp(yieldsAfterMs)).catch(() => false)
    if (isDue) ends.abort(heldUp(yieldsAfterMs))
  }
  const timer = setInterval(() => void look(), yieldsAfterMs / looks).unref()
  try {
    return await run(ends.signal)
  } finally {
    clearInterval(timer)
  }
}

function heldUp(ms: number): Deadline {
  return new Deadline(`others had waited ${ms} ms for the transaction, which was rolled back`, {
    hint: 'Do slow work before or after the transaction, and few calls within it.',
  })
}
