import type { ZodType, z } from 'zod'
import type { Held } from './agents/holders.ts'
import type { AbortableOptions } from './db/engine.ts'
import type { Memory } from './memory.ts'
import type { Permission } from './permission.ts'
import type { Transaction } from './transaction.ts'
import type { AnyView, Demand, View } from './view.ts'

/** The zod module, passed in, so that describing an operation does not load it. */
export type Zod = typeof z

export interface RunOptions extends AbortableOptions {
  /** Stop after this many milliseconds, even in the middle of a statement of the caller's own. Default: never. */
  timeoutMs?: number | undefined
  /** The namespaces that the caller may see, as globs, for an operation that shows what it may. Default: all. */
  namespaces?: readonly string[] | undefined
  /** Who calls, where that is somebody who may not do all that the owner of the process may. Default: the owner. */
  caller?: string | undefined
}

/**
 * Whom a field names: in whose name something is done (`actor`), or whose it is (`owner`). A caller that is bound to an
 * agent names only that one there. `other`: anybody, such as who may vote.
 */
type Identity = 'actor' | 'owner' | 'other'

/** The tools of the MCP server that have operations, see `mcp/tools.ts`. */
export const toolNames = [
  'briefing',
  'recall',
  'remember',
  'forget',
  'tasks_read',
  'tasks_write',
  'state_read',
  'state_write',
  'swarm_read',
  'swarm_write',
  'log_read',
  'log_write',
] as const

export type ToolName = (typeof toolNames)[number]

/** How an operation shows over MCP. */
interface Shown {
  /** The tool that it is an action of. */
  readonly tool: ToolName
  /** It is what the tool does when no action is named. */
  readonly isDefault?: true
  /** Fields that the schema of the tool leaves out, to be short; they are understood all the same. */
  readonly unlisted?: readonly string[]
  /** What fields are that it needs and a call leaves out. */
  readonly assumed?: Readonly<Record<string, unknown>>
  /**
   * `record`: a long value is given in pieces, each from an `offset`. `claims`: no more are claimed than there is room
   * for. `briefing`: text, which has its own bounds. Default: a list as far as it fits, anything else cut to fit.
   */
  readonly answer?: 'record' | 'claims' | 'briefing'
}

/**
 * Renews what a call gave to its caller, so that this holds it for so many milliseconds from now.
 * @returns false when it has been given back, or went to another
 * @throws Conflict `stale_token` for the same
 */
export type Keep = (memory: Transaction, leaseMs: number) => Promise<boolean>

/** Gives back what a call gave to its caller, who has left: others get it at once. */
type GiveBack = (memory: Transaction) => Promise<unknown>

/**
 * A record that somebody may hold, and that a call settles, renews, takes away, or uses as its holder does. By `token`
 * the call says that it is the holder.
 */
export interface Hold extends Held {
  readonly token?: number | undefined
}

/** What every operation says of itself. */
interface Facts<Name extends string, Input> {
  /** `domain.method`, as in the library: `kv.store` is `memory.kv.store`. */
  readonly name: Name
  /** One sentence, in the imperative, without a full stop. */
  readonly summary: string
  /** What the caller must be allowed, for what it does. */
  readonly permission: Permission
  /**
   * `value`: the result is JSON of the user's own, shown as it is, and undefined when there is none. Else it is a
   * record (undefined when absent), a list, a page, a bare value, or nothing.
   */
  readonly result?: 'value'
  /** The namespaces of key-value memory that a call touches, `*` for any. Absent when it touches none. */
  readonly namespaces?: (input: Input) => readonly string[]
  /** What it needs to be allowed besides, for what this call does. Default: nothing. */
  readonly needs?: (input: Input) => readonly Permission[]
  /** What it takes to be the holder of. Default: nothing. */
  readonly holds?: (input: Input) => readonly Hold[]
  /** What has a fencing `token` in its answer, which only the `owner` beside it sees: the record, or a list of such. */
  readonly fenced?: 'record' | 'items' | 'stale'
  /** How it shows over MCP. Absent: not at all. */
  readonly mcp?: Shown
  /** How a caller that lives keeps what the answer gave it: of what gives something under a lease. */
  readonly keep?: (answer: unknown) => Keep
  /** How that is given back whose caller has left meanwhile: of what gives something under a lease. */
  readonly giveBack?: (answer: unknown) => GiveBack
  /** Complete command lines (`hivewax …`), most useful first. */
  readonly examples: readonly string[]
  /** Describes the input, one object. The domains validate; this is for callers and their tools. */
  input(zod: Zod): ZodType<Input>
}

/** An operation whose answer is what it is for. */
interface Reading {
  readonly effect: 'read'
  /** Default: its permission. */
  readonly reveals?: Permission
}

/** An operation whose answer is seen besides; `destroy` loses data that cannot be had back. */
interface Writing {
  readonly effect: 'write' | 'destroy'
  /**
   * The permission to see what others have stored, where its answer or its refusal shows some of that: a record, or the
   * value that was there. `nothing`: it shows what the caller gave, and numbers, ids and names.
   */
  readonly reveals: Permission | 'nothing'
}

/** An operation on records, which a transaction has too. */
interface OnRecords<Input, Answer> {
  /** The permission that it needs inside of a transaction besides its own. Default: none. */
  readonly inTransaction?: Permission
  run(memory: Transaction, input: Input, options?: RunOptions): Promise<Answer>
}

/** An operation on the store as a whole, which cannot be part of a transaction. */
interface OnStore<Input, Answer> {
  readonly inTransaction: false
  run(memory: Memory, input: Input, options?: RunOptions): Promise<Answer>
}

/** What follows from the other facts, unless an operation says it. */
interface Defaulted {
  /** The fields of the input that a command line takes in order, without a flag. Default: none. */
  readonly positionals: readonly string[]
  /**
   * The fields that the method of the library takes in order, before one object of all others. Default: the
   * positionals.
   */
  readonly arguments: readonly string[]
  /** The fields that the method calls otherwise, by its names for them. Default: none. */
  readonly renamed: Readonly<Record<string, string>>
  /** The fields, by path, that hold records of ours, one or a list, and no value of the user's. Default: none. */
  readonly records: readonly string[]
  /** Whom the fields of the input name, by path through lists (`events.source`). Default: nobody. */
  readonly identities: Readonly<Record<string, Identity>>
  /** The fields of the input that name files of the machine. Default: none. */
  readonly files: readonly string[]
  /**
   * The field of the input that says for how many milliseconds the caller holds what it gets unless it renews that.
   * The library's default is for loops that renew; a door gives other callers longer: see `access/hold.ts`. Default: none.
   */
  readonly lease: string | undefined
  /**
   * Done twice it is the same as done once, so that a call whose answer was lost may be made again. Default: what only
   * reads is.
   */
  readonly isIdempotent: boolean
}

/** One thing that the doors can ask of the memory. The CLI, HTTP, MCP and the reference are loops over these. */
export interface Operation<Name extends string = string, Input = unknown>
  extends Facts<Name, Input>,
    Defaulted {
  /** What it does to the store. */
  readonly effect: (Reading | Writing)['effect']
  /** The permission that its answer needs, see {@link Writing}. */
  readonly reveals: Permission | 'nothing'
  /** Whether it may be part of a transaction, or the permission that it needs there besides its own. */
  readonly inTransaction: boolean | Permission
  /** How it shows to people what it lists; of each operation that lists records with known fields. */
  readonly view?: AnyView
  run(memory: Memory, input: Input, options?: RunOptions): Promise<unknown>
}

/** Declares an operation; its input's type follows from the schema. */
export function operation<const Name extends string, Input, Answer, Viewed = never>(
  declared: Facts<Name, Input> &
    (Reading | Writing) &
    (OnRecords<Input, Answer> | OnStore<Input, Answer>) &
    Partial<Defaulted> & { readonly view?: View<Viewed> } & Demand<Answer, Viewed>,
): Operation<Name> {
  const { positionals = [], effect, permission } = declared
  const defaults = {
    positionals,
    arguments: positionals,
    renamed: {},
    records: [],
    identities: {},
    files: [],
    lease: undefined,
    reveals: permission,
    isIdempotent: effect === 'read',
    inTransaction: true,
  }
  // Callers pass what `input` has parsed, and to what is no part of transactions never one of those.
  return { ...defaults, ...declared } as Operation<Name>
}
