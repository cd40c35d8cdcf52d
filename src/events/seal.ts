import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ChainedEvent, eventHash, firstHash, lockChain } from '../db/chain.ts'
import type { Db } from '../db/db.ts'
import type { AbortableOptions } from '../db/engine.ts'
import { theRow } from '../db/rows.ts'
import { sql } from '../db/sql.ts'
import { NotFound } from '../errors.ts'
import { checkInteger } from '../util/check.ts'
import { readBounds } from './log.ts'

/** The hash of an event of a sealed log. It covers that event and all that were sealed before it. */
export interface Seal {
  /** Of the event; for a log that was sealed just now, the last id before the first sealed event. */
  id: number
  hash: string
}

export interface VerifyOptions extends AbortableOptions {
  /** Only events with this id or a higher one: the hash before them is taken as it is. Default: from the seal on. */
  from?: number | undefined
  /** Only events up to this id, itself included. Default: to the newest. */
  to?: number | undefined
}

export interface Verification {
  ok: boolean
  /** How many events were found as they were sealed, all before the first bad one. */
  checked: number
  /** The hash of the last of them. Keep it where those who write the store cannot reach it. */
  head: Seal
  /**
   * The first place where the log is not what was sealed. `changed`: the event, or what was right before it, is
   * another one. `missing`: an event or its hash was deleted, but not by `prune`. `unsealed`: an event was
   * appended without a hash, by SQL from outside.
   */
  firstBad: { id: number; why: 'changed' | 'missing' | 'unsealed' } | undefined
}

/** A place in the log: a hash, an event, or both. */
interface Link extends ChainedEvent {
  hash: string | null
  found: number | null
}

/** Events per read: few enough to keep large ones out of memory. */
const sliceSize = 200

/** Seals the log from the next event on; see `Events.seal`. */
export async function seal(db: Db): Promise<Seal> {
  return db.transaction(async tx => {
    await lockChain(tx)
    const { head } = await readBounds(tx)
    const begun = await tx.all(
      sql`insert into hivewax_counters (name, value) values ('events_sealed', ${head})
          on conflict (name) do nothing returning value`,
    )
    if (begun.length > 0)
      await tx.all(sql`insert into hivewax_event_hashes (event_id, hash) values (${head}, ${firstHash})`)
    return theRow(
      await tx.all<Seal>(
        sql`select event_id as id, hash from hivewax_event_hashes order by event_id desc limit 1`,
      ),
    )
  })
}

/** Compares the log with its chain of hashes; see `Events.verify`. */
export async function verify(db: Db, options: VerifyOptions): Promise<Verification> {
  const from = options.from === undefined ? undefined : checkInteger('from', options.from, 1)
  const to = options.to === undefined ? Number.MAX_SAFE_INTEGER : checkInteger('to', options.to, 0)
  // In this order: a prune in between takes the anchor along, but not out of the chain that it was read from.
  const anchor = await readAnchor(db, from)
  const settled = await readSettled(db)
  if (anchor === undefined || (anchor.id > settled && anchor.id >= (from ?? 0))) {
    const head = { id: settled, hash: firstHash }
    return { ok: false, checked: 0, head, firstBad: { id: settled + 1, why: 'missing' } }
  }
  const check = new Check(anchor)
  const last = Math.min(to, (await readBounds(db)).head)
  for (let at = Math.max(anchor.id, (from ?? 0) - 1); ; await nextTurn()) {
    options.signal?.throwIfAborted()
    const links = await readLinks(db, at, to)
    // Read after the links: what was pruned between two slices need not be there.
    check.settled = await readSettled(db)
    for (const link of links) check.next(link)
    at = links.at(-1)?.id ?? to
    const fraction = at >= last ? 1 : (at - anchor.id) / (last - anchor.id)
    options.onProgress?.({ step: 'verify', fraction })
    if (check.firstBad !== undefined || links.length < sliceSize) break
  }
  const { checked, head, firstBad } = check
  return { ok: firstBad === undefined, checked, head, firstBad }
}

/** Follows the chain, link by link. */
class Check {
  checked = 0
  head: Seal
  firstBad: Verification['firstBad']
  /** Events up to this id were pruned, or are older than the seal. */
  settled = 0

  constructor(anchor: Seal) {
    this.head = anchor
  }

  next(link: Link): void {
    if (this.firstBad !== undefined) return
    const { id, hash } = link
    if (hash === null) this.firstBad = { id, why: 'unsealed' }
    else if (link.found === null) this.#passOver({ id, hash })
    else if (eventHash(this.head.hash, link) !== hash) this.firstBad = { id, why: 'changed' }
    else {
      this.head = { id, hash }
      this.checked++
    }
  }

  #passOver(pruned: Seal): void {
    if (pruned.id <= this.settled) this.head = pruned
    else this.firstBad = { id: pruned.id, why: 'missing' }
  }
}

async function readSettled(db: Db): Promise<number> {
  const [row] = await db.all<{ sealed: number | null; settled: number }>(
    sql`select max(case when name = 'events_sealed' then value end) as sealed, max(value) as settled
        from hivewax_counters where name in ('events_sealed', 'events_floor')`,
  )
  if (row !== undefined && row.sealed !== null) return row.settled
  throw new NotFound('the log of events is not sealed: there are no hashes to verify', {
    hint: 'Seal it from the next event on with events.seal(), or `hivewax events seal`.',
  })
}

/** The hash that the first event to be checked hangs on. */
async function readAnchor(db: Db, from: number | undefined): Promise<Seal | undefined> {
  const [before] = await db.all<Seal>(
    sql`select event_id as id, hash from hivewax_event_hashes
        where event_id < ${from ?? 0} order by event_id desc limit 1`,
  )
  if (before !== undefined) return before
  const [first] = await db.all<Seal>(
    sql`select event_id as id, hash from hivewax_event_hashes order by event_id limit 1`,
  )
  return first
}

/** The next hashes with their events, and the first event among them that has none, by id. */
async function readLinks(db: Db, after: number, to: number): Promise<Link[]> {
  return db.all<Link>(
    sql`with slice as (
          select event_id as id, hash from hivewax_event_hashes
          where event_id > ${after} and event_id <= ${to} order by event_id limit ${sliceSize})
        select slice.id, hash, e.id as found, type, source, data, timestamp, author
        from slice left join events e on e.id = slice.id
        union all
        select * from (
          select e.id, null as hash, e.id as found, type, source, data, timestamp, author from events e
          where e.id > ${after}
            and e.id <= (select case when count(*) < ${sliceSize} then ${to} else max(id) end from slice)
            and not exists (select 1 from hivewax_event_hashes h where h.event_id = e.id)
          order by e.id limit 1) as bare
        order by 1`,
  )
}
