import { unlessAborted } from '../util/signals.ts'
import type { Visit } from './door.ts'

/**
 * An answer with which a visit lasts, to the last byte of it.
 * @param isCut the answer ends when the visit is to end; else by itself, as the answer to a call does
 */
export function lasting(response: Response, visit: Visit, isCut: boolean): Response {
  if (response.body === null) {
    visit.leave()
    return response
  }
  const reader = response.body.getReader()
  const leave = async (reason?: unknown) => {
    visit.leave()
    await reader.cancel(reason)
  }
  const next = () => unlessAborted(reader.read(), isCut ? visit.signal : undefined)
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await next().catch(async error => {
        await leave(error)
        return { done: true, value: undefined } as const
      })
      if (value !== undefined) controller.enqueue(value)
      if (!done) return
      visit.leave()
      controller.close()
    },
    cancel: leave,
  })
  const { status, headers } = response
  return new Response(body, { status, headers })
}
