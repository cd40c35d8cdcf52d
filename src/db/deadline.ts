import { Deadline } from '../errors.ts'

/** A hung callback would keep others waiting for ever, so it loses its transaction instead. */
export async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs)
    timer.unref()
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function tooLate(timeoutMs: number): Deadline {
  return new Deadline(`the transaction was still open after ${timeoutMs} ms and was rolled back`, {
    hint: 'Do slow work before or after the transaction, or pass a longer timeoutMs.',
  })
}
