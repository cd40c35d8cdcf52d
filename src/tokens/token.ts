import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Permission } from '../permission.ts'

/** What a caller may do. The owner of the process has none: nothing is refused to it. */
export interface Grant {
  /** That of the token; undefined where there is none, as for the owner of a server. */
  readonly id?: string | undefined
  /** Who it was given to, for people to read. */
  readonly principal: string
  readonly permissions: readonly Permission[]
  /** Globs of the namespaces of key-value memory that it is for; undefined for all. */
  readonly namespaces?: readonly string[] | undefined
  /** The one agent that its holder acts as; undefined for any. */
  readonly agentId?: string | undefined
}

/** The text of a token begins with this, so that scanners for secrets know it when they see it. */
const prefix = 'hwx'

/** Both halves of a token: the id finds its row, and the secret proves that the caller was given it. */
export interface TokenText {
  id: string
  secret: string
}

/** 80 random bits of id and 256 of secret, in hexadecimal digits, which no separator is one of. */
export function newTokenText(): TokenText {
  return { id: randomBytes(10).toString('hex'), secret: randomBytes(32).toString('hex') }
}

export function writeToken({ id, secret }: TokenText): string {
  return `${prefix}_${id}_${secret}`
}

/** The halves of what a caller sent, or undefined when it is not a token of ours. */
export function readToken(text: string): TokenText | undefined {
  const [, id, secret] = /^hwx_([0-9a-f]{20})_([0-9a-f]{64})$/.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The secret is 256 random bits, so one round of SHA-256 keeps it. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares in a time that does not depend on where they differ. */
export function isSecret(secret: string, hash: string): boolean {
  const given = Buffer.from(hashSecret(secret))
  const stored = Buffer.from(hash)
  return given.length === stored.length && timingSafeEqual(given, stored)
}
