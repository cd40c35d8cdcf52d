import { Deadline } from '../errors.ts'
import { unlessAborted } from '../util/signals.ts'

/**
 * A hung callback would keep others waiting for ever, so it loses its transaction instead.
 * @param ends ends it before that, with its reason
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number, ends?: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs).unref()
  try {
    return await unlessAborted(Promise.race([work, late]), ends)
  } finally {
    clearTimeout(timer)
  }
}

function tooLate(timeoutMs: number): Deadline {
  return new Deadline(`the transaction was still open after ${timeoutMs} ms and was rolled back`, {
    hint: 'Do slow work before or after the transaction, or pass a longer timeoutMs.',
  })
}
