import type { Context } from '../context.ts'
import { decodeAuthor } from '../db/author.ts'
import type { Db } from '../db/db.ts'
import { checkLeaseMs, defaultLeaseMs, leaseEnd } from '../db/lease.ts'
import { appendEvents } from '../db/outbox.ts'
import { type Sql, sql } from '../db/sql.ts'
import { Conflict, NotFound } from '../errors.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { cursorPosition, type Page, type PageOptions, pageLimit, toPage } from '../util/page.ts'
import { checkReservations } from './option-names.ts'
import { overlap } from './overlap.ts'
import { checkGlobs, comparable } from './path-glob.ts'
import {
  deleteReservations,
  fromRow,
  lastingReservations,
  nextToken,
  putReservations,
  type ReservationRequest,
  removeLapsed,
  renewReservations,
} from './reservation-rows.ts'

/** Files that somebody works on. */
export interface Reservation {
  /** Which: `src/mcp/**`, from the folder of the project on. */
  glob: string
  owner: string
  /** Whether others may work on them who share them as well. */
  shared: boolean
  /** What for, in the owner's words. */
  purpose: string | undefined
  reservedAt: Date
  /** How long it lasts yet, unless it is renewed. */
  remainingMs: number
}

/** Files in the hands of who has just reserved them. */
export interface Reserved {
  globs: string[]
  owner: string
  /** Whether others may work on them who share them as well. */
  shared: boolean
  /** The fencing token: higher than that of every reservation before. {@link Reservations.renew} takes it. */
  token: number
  /** How long they are reserved unless that is renewed, in milliseconds from the call. */
  leaseMs: number
  /** When that is, by the clock of the machine that made the call. */
  leaseUntil: Date
}

export interface ReserveOptions {
  /** Whether others may work on them who share them as well. Default: nobody else may. */
  shared?: boolean | undefined
  /** What for: others are told, up to 512 bytes. */
  purpose?: string | undefined
  /** Who reserves them. Default: the handle's agent, else the account of the process. */
  owner?: string | undefined
  /** How long they are reserved unless that is renewed: 1 ms to a day, default 30,000 ms. */
  leaseMs?: number | undefined
}

export interface RenewReservationOptions {
  /** What `reserve` gave. */
  token: number
  /** How long from now: 1 ms to a day, default 30,000 ms. */
  leaseMs?: number | undefined
}

export interface ReleaseReservationsOptions {
  /** Which, as they were reserved. Default: all that the owner has. */
  globs?: readonly string[] | undefined
  /** Only what the call reserved that gave this token. */
  token?: number | undefined
  /** Whose. Default: the handle's agent, else the account of the process. */
  owner?: string | undefined
}

export interface ReservationFilter extends PageOptions {
  /** Only what could mean a path that one of these paths or globs means. */
  globs?: readonly string[] | undefined
  /** Only what this one has reserved. */
  owner?: string | undefined
}

/**
 * Files that agents have for themselves while they work on them, by globs of paths from the folder of the project on: `*` and
 * `?` stay within a name, `**` is any number of folders, `[a-z]` and `{a,b}` are as in a shell. `src/` and `src`
 * stand for all that is in the folder; a name with an ending is a file's. Nothing here touches the files: who looks before it writes keeps to it.
 */
export class Reservations {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Reserves all of these, or none. What others have stands in the way where both could mean one path, unless both are
   * shared. What an agent has itself does not: reserved again, a glob has the new purpose and life. Who says no
   * name is taken for another one each time. Logs `reservation.made`.
   * @throws Conflict that names who has which glob, what for and how long yet (`details.reservations`)
   */
  async reserve(globs: readonly string[], options: ReserveOptions = {}): Promise<Reserved> {
    checkReservations.reserve(options)
    const { db, clock, crossDomain, heartbeat } = this.#context
    const request = this.#request(globs, options)
    if (options.owner !== undefined) await heartbeat(db, request.owner)
    for (;;) {
      try {
        const token = await db.transaction(tx => this.#take(tx, request, options.owner))
        const { leaseMs, owner, shared } = request
        const leaseUntil = leaseEnd(clock, leaseMs)
        return { globs: [...request.globs], owner, shared, token, leaseMs, leaseUntil }
      } catch (error) {
        // Who has them may be an agent that is gone.
        if (!(error instanceof Conflict && (await crossDomain.releaseLapsed(this.#context)))) throw error
      }
    }
  }

  /**
   * Keeps what a call reserved for `leaseMs` (default 30,000) from now. Returns its globs that are left.
   * @throws Conflict `stale_token` when all of them were given back, have lapsed, or were reserved anew
   */
  async renew(options: RenewReservationOptions): Promise<string[]> {
    checkReservations.renew(options)
    const token = checkInteger('token', options.token, 0)
    const leaseMs = checkLeaseMs(options.leaseMs ?? defaultLeaseMs)
    const globs = await renewReservations(this.#context.db, token, leaseMs)
    if (globs.length > 0) return globs
    throw new Conflict(
      `token ${token} reserves nothing any more: it was given back, or has lapsed`,
      { hint: 'Reserve the files again before you write to them.', details: { token } },
      'stale_token',
    )
  }

  /**
   * Gives back what its owner has reserved, and returns the globs. Logs `reservation.released`.
   * @throws NotFound when there is nothing of that to give back
   */
  async release(options: ReleaseReservationsOptions = {}): Promise<string[]> {
    checkReservations.release(options)
    const owner = this.#owner(options.owner)
    const globs = options.globs === undefined ? undefined : checkGlobs('globs', options.globs)
    const { token } = options
    const which = (tx: Db): Sql[] => [
      sql`owner = ${owner}`,
      ...(globs === undefined ? [] : [tx.dialect.inList(sql`glob`, globs)]),
      ...(token === undefined ? [] : [sql`token = ${checkInteger('token', token, 0)}`]),
    ]
    return this.#context.db.transaction(async tx => {
      const released = await deleteReservations(tx, which(tx))
      if (released.length === 0) throw nothingReserved(owner, globs)
      await appendEvents(tx, [
        { type: 'reservation.released', source: owner, data: { owner, globs: released } },
      ])
      return released
    })
  }

  /** What is reserved at this moment, by its globs. */
  async list(filter: ReservationFilter = {}): Promise<Page<Reservation>> {
    checkReservations.list(filter)
    await this.#context.crossDomain.releaseLost(this.#context)
    const limit = pageLimit(filter.limit)
    const after = cursorPosition(filter.cursor, 2)
    const wanted = filter.owner === undefined ? sql`1 = 1` : sql`owner = ${checkName('owner', filter.owner)}`
    const beyond = after === undefined ? sql`1 = 1` : sql`(glob, owner) > (${after[0]}, ${after[1]})`
    const globs = filter.globs === undefined ? undefined : checkGlobs('globs', filter.globs)
    // They are compared here, all that there are.
    const bound = globs === undefined ? { limit: limit + 1 } : {}
    const rows = await lastingReservations(this.#context.db, {
      where: sql`${wanted} and ${beyond}`,
      ...bound,
    })
    const found = globs === undefined ? rows : rows.filter(({ glob }) => globs.some(own => meets(own, glob)))
    return toPage(found.slice(0, limit + 1), limit, { item: fromRow, position: row => [row.glob, row.owner] })
  }

  /** Within `tx`, takes what is free. */
  async #take(tx: Db, request: ReservationRequest, named: string | undefined): Promise<number> {
    const token = await nextToken(tx)
    await removeLapsed(tx)
    // Several that say no name may be of one account, and know nothing of each other.
    const isNamed = (named ?? this.#context.agentId) !== undefined
    const where = isNamed ? sql`owner <> ${request.owner}` : sql`1 = 1`
    const others = (await lastingReservations(tx, { where })).map(fromRow)
    const inTheWay = others.filter(
      ({ glob, shared }) => !(shared && request.shared) && request.globs.some(wanted => meets(wanted, glob)),
    )
    if (inTheWay.length > 0) throw taken(request, inTheWay)
    await putReservations(tx, token, request)
    const { globs, owner, shared, purpose = null } = request
    const data = { owner, shared, globs: [...globs], purpose, token }
    await appendEvents(tx, [{ type: 'reservation.made', source: owner, data }])
    return token
  }

  #request(globs: readonly string[], options: ReserveOptions): ReservationRequest {
    const { shared = false, purpose, owner, leaseMs = defaultLeaseMs } = options
    return {
      globs: checkGlobs('globs', globs),
      owner: this.#owner(owner),
      shared,
      purpose: purpose === undefined ? undefined : checkName('purpose', purpose),
      leaseMs: checkLeaseMs(leaseMs),
    }
  }

  #owner(owner: string | undefined): string {
    const { agentId, db } = this.#context
    return checkName('owner', owner ?? agentId ?? decodeAuthor(db.author)?.agent)
  }
}

function meets(one: string, other: string): boolean {
  return overlap(comparable(one), comparable(other))
}

function taken({ globs }: ReservationRequest, inTheWay: readonly Reservation[]): Conflict {
  const [first] = inTheWay
  const wanted = globs.find(glob => first !== undefined && meets(glob, first.glob))
  const reservations = inTheWay.map(({ reservedAt: _, purpose = null, ...rest }) => ({ ...rest, purpose }))
  return new Conflict(`${JSON.stringify(wanted)} is not free: ${inTheWay.map(told).join('; ')}`, {
    hint: 'Work on other files, or try again when they are given back.',
    details: { reservations },
  })
}

/** In words that hold nothing of what others have written: the message of an error is for everybody. */
function told({ glob, owner, shared, remainingMs }: Reservation): string {
  const minutes = Math.ceil(remainingMs / 60_000)
  return `${JSON.stringify(owner)} has ${JSON.stringify(glob)}${shared ? ' (shared)' : ''} for another ${minutes} min at most`
}

function nothingReserved(owner: string, globs: readonly string[] | undefined): NotFound {
  const what =
    globs === undefined ? 'nothing' : `nothing of ${globs.map(glob => JSON.stringify(glob)).join(', ')}`
  return new NotFound(`${JSON.stringify(owner)} has reserved ${what}`, {
    hint: 'reservations.list shows what is reserved, and by whom.',
    details: { owner },
  })
}
