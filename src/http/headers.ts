import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { agentHeader, incarnationHeader, timeoutHeader, transactionHeader, wireHeader } from '../wire.ts'

/** What an answer says to browsers: it is data for the caller alone, to be neither kept, guessed at nor shown. */
const protective = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A page says itself what it may do, and how long it may be kept. */
const ofPages = ['cache-control', 'content-security-policy']

export function protect(closing: AbortSignal): MiddlewareHandler {
  return async (c, next) => {
    await next()
    const isPage = c.res.headers.has('content-security-policy')
    for (const [name, value] of Object.entries(protective))
      if (!isPage || !ofPages.includes(name)) c.res.headers.set(name, value)
    if (closing.aborted) c.res.headers.set('connection', 'close')
  }
}

/** Lets web pages of these origins call, and answers the browser that asks beforehand. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: [
      'authorization',
      'content-type',
      'last-event-id',
      agentHeader,
      incarnationHeader,
      timeoutHeader,
      transactionHeader,
      wireHeader,
    ],
    exposeHeaders: ['retry-after', 'www-authenticate'],
    maxAge: 600,
  })
}
