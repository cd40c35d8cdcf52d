import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a link waits to be followed, in milliseconds. */
const linkMs = 120_000

/** How long who followed it stays signed in, in milliseconds. */
const sessionMs = 12 * 3_600_000

/**
 * Signs people in whom this server has given a link: its code is good once, and gets them a token of the owner that
 * ends by itself. Such tokens are signed with the owner's, so that they outlive a restart of the server, and end with it.
 */
export class SignIn {
  readonly #ownerToken: string
  /** When each code ends that nobody has used, by Date.now(). */
  readonly #codes = new Map<string, number>()

  constructor(ownerToken: string) {
    this.#ownerToken = ownerToken
  }

  /** A code for a link: good once, for two minutes. */
  newCode(): string {
    const code = randomBytes(24).toString('base64url')
    this.#codes.set(code, Date.now() + linkMs)
    return code
  }

  /** The token that a code is exchanged for, and when that ends; undefined when the code is not, or no longer, good. */
  redeem(code: string): { token: string; expiresAt: Date } | undefined {
    const endsAt = this.#codes.get(code)
    this.#codes.delete(code)
    if (endsAt === undefined || endsAt < Date.now()) return undefined
    const expiresAt = Date.now() + sessionMs
    const session = `${expiresAt}_${randomBytes(8).toString('hex')}`
    return { token: `hws_${session}_${this.#signature(session)}`, expiresAt: new Date(expiresAt) }
  }

  /** Whether a token was given out by {@link redeem}, and has not ended. */
  isSession(token: string): boolean {
    const [, session, expiresAt, signature] =
      /^hws_((\d{1,15})_[0-9a-f]{16})_([0-9a-f]{64})$/.exec(token) ?? []
    if (session === undefined || signature === undefined) return false
    const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(this.#signature(session)))
    return isOurs && Number(expiresAt) > Date.now()
  }

  /** Of the text of a session as it is: another spelling of the same would be another caller. */
  #signature(session: string): string {
    return createHmac('sha256', this.#ownerToken).update(`session ${session}`).digest('hex')
  }
}
