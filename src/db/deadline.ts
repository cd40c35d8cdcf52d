import { Deadline } from '../errors.ts'

/**
 * A hung callback would keep others waiting for ever, so it loses its transaction instead.
 * @param lost ends it before that, with its reason
 */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number, lost?: AbortSignal): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs).unref()
  const end = () => reject(lost?.reason)
  lost?.addEventListener('abort', end)
  try {
    return await Promise.race([work, ended])
  } finally {
    clearTimeout(timer)
    lost?.removeEventListener('abort', end)
  }
}

function tooLate(timeoutMs: number): Deadline {
  return new Deadline(`the transaction was still open after ${timeoutMs} ms and was rolled back`, {
    hint: 'Do slow work before or after the transaction, or pass a longer timeoutMs.',
  })
}
