import type { MiddlewareHandler } from 'hono'
import { Unauthorized } from '../errors.ts'

export interface GuardOptions {
  /** The names under which the server may be addressed, without ports. */
  readonly hosts: readonly string[]
  /** Origins of web pages that may call, besides the server's own. */
  readonly origins: readonly string[]
}

/**
 * Refuses requests that a web page of another origin could have sent: those addressed to a name that is not ours,
 * which a page of that name reaches by DNS rebinding, and those whose origin is foreign.
 */
export function guard({ hosts, origins }: GuardOptions): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? ''
    if (!hosts.includes(nameOf(host))) {
      throw new Unauthorized(
        `this server is not ${JSON.stringify(host)}`,
        { hint: 'Add the name with --allow-host, if it is yours.' },
        'forbidden',
      )
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && !origins.includes(origin) && !isOwn(origin, host)) {
      throw new Unauthorized(
        `web pages of ${JSON.stringify(origin)} may not call this server`,
        { hint: 'Add the origin with --allow-origin, if it is yours.' },
        'forbidden',
      )
    }
    await next()
  }
}

/** A host without its port; `[::1]:80` is `[::1]`. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

function isOwn(origin: string, host: string): boolean {
  return origin === `http://${host}`.toLowerCase() || origin === `https://${host}`.toLowerCase()
}
