import { Heartbeats } from '../../src/agents/heartbeat.ts'
import { FencedDb } from '../../src/agents/incarnation.ts'
import type { Capabilities } from '../../src/db/capabilities.ts'
import type { Db } from '../../src/db/db.ts'
import { ClosableDb } from '../../src/db/decorators/closable.ts'
import { MeteredDb } from '../../src/db/decorators/metered.ts'
import { UpkeepDb } from '../../src/db/decorators/upkeep.ts'
import { Meter } from '../../src/db/meter.ts'
import { sql } from '../../src/db/sql.ts'
import { systemClock } from '../../src/util/clock.ts'

interface Decorated {
  decorate: (inner: Db) => Db
  /** The capabilities that it is meant to change. */
  changes?: Partial<Capabilities>
}

const fail = (error: unknown): never => {
  throw error
}

/** Every class of src that extends `DbDecorator`, by its name; FencedDb as the agent of `registerActor`. */
export const decorators: Readonly<Record<string, Decorated>> = {
  ClosableDb: { decorate: inner => new ClosableDb(inner, () => true) },
  MeteredDb: { decorate: inner => new MeteredDb(inner, new Meter(60_000)) },
  ActingDb: { decorate: inner => new Heartbeats(inner, systemClock, fail).of('actor') },
  UpkeepDb: { decorate: inner => new UpkeepDb(inner) },
  FencedDb: {
    decorate: inner => new FencedDb(inner, { agentId: 'actor', incarnation: 1 }),
    changes: { batching: false },
  },
}

export async function registerActor(db: Db): Promise<void> {
  await db.all(sql`insert into agents (id, type, incarnation) values ('actor', 'coder', 1)`)
}
