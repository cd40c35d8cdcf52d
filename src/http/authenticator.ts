import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context as Request } from 'hono'
import { Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import { type Grant, hashSecret, isSecret } from '../tokens/token.ts'
import { RateLimit } from './rate-limit.ts'
import type { SignIn } from './sign-in.ts'

/** The caller that sent a request. */
export interface Caller {
  readonly grant: Grant
  /** Identifies the caller. Not by the name of the principal, which several tokens may bear. */
  readonly id: string
  /** @throws Unauthorized once the token was revoked, or has expired */
  readonly check: () => Promise<void>
}

/** The owner of the server, whose token cannot be revoked and does not expire. */
export const ownerId = 'owner'

/** Refusals of one address a second; an address that is refused more often has to slow down. */
const refusalsPerSecond = 20

/** Identifies callers by their access tokens. */
export class Authenticator {
  readonly #ownerHash: string
  readonly #signIn: SignIn
  readonly #refusals = new RateLimit(refusalsPerSecond, 'refused requests')

  /**
   * @param ownerToken the text that stands for the owner of the store, from the server's own file
   * @param signIn knows who has followed a link of the owner's
   */
  constructor(ownerToken: string, signIn: SignIn) {
    this.#ownerHash = hashSecret(ownerToken)
    this.#signIn = signIn
  }

  /**
   * @throws Unauthorized when the caller does not say who it is, or says what is not true; Busy `rate_limited` when
   *   its address does so too often. A token that is good is never refused for what others at its address do.
   * @param memory knows the other tokens
   */
  async callerOf(request: Request, memory: Memory): Promise<Caller> {
    try {
      return await this.#identify(memory, request.req.header('authorization'))
    } catch (error) {
      if (error instanceof Unauthorized) this.#refusals.take(getConnInfo(request).remote.address ?? '')
      throw error
    }
  }

  async #identify(memory: Memory, header = ''): Promise<Caller> {
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? []
    if (token === undefined) {
      throw new Unauthorized('this needs a token', {
        hint: 'Send the header "Authorization: Bearer TOKEN": the one that hivewax serve names, or one of hivewax token create.',
      })
    }
    const owner = { principal: 'owner', permissions: ['admin' as const] }
    if (isSecret(token, this.#ownerHash)) return { grant: owner, id: ownerId, check: async () => {} }
    if (this.#signIn.isSession(token))
      return {
        grant: owner,
        id: `session ${hashSecret(token)}`,
        check: async () => this.#checkSession(token),
      }
    const grant = await memory.tokens.verify(token)
    const check = async () => void (await memory.tokens.verify(token))
    // The ids of tokens are hexadecimal, and never the word above.
    return { grant, id: grant.id ?? '', check }
  }

  #checkSession(token: string): void {
    if (!this.#signIn.isSession(token))
      throw new Unauthorized('the session has ended', { hint: 'Sign in anew: hivewax ui.' })
  }
}
