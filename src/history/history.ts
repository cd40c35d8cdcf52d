import type { Context } from '../context.ts'
import type { Author } from '../db/author.ts'
import type { RedactOptions } from '../db/history/redact.ts'
import type { Page, PageOptions } from '../util/page.ts'
import { forget } from './forget.ts'
import type { ChangedRecord } from './kinds.ts'
import { checkHistory } from './option-names.ts'
import { listRetention, setRetention } from './retention.ts'
import { undo } from './undo.ts'

export type { ChangedRecord } from './kinds.ts'

/** Whose changes are meant, narrowed down. */
export interface ChangeOptions {
  /** Only changes of this session. Default: of all. */
  session?: string | undefined
  /** Only changes from this moment on. Default: all that the history has. */
  since?: Date | undefined
  /** Only changes before this moment. Default: up to now. */
  until?: Date | undefined
  /** Only key-value memory of this namespace. Default: all memory, agents' own memory, and patterns. */
  namespace?: string | undefined
}

/** What can be narrowed down of what an undo takes back, and how. */
export interface UndoOptions extends ChangeOptions {
  /** Undo also what others have changed since: their changes are lost with it, until this is undone. Default: leave such records. */
  force?: boolean | undefined
  /** Only say what would be done. Default: do it. */
  dryRun?: boolean | undefined
  /** Ends it between two records; what was undone until then stays so. */
  signal?: AbortSignal | undefined
}

/** What an undo did, or would do, with a record. */
export interface UndoneRecord {
  record: ChangedRecord
  /**
   * `restored`: it holds again what it held before; `deleted`: there was nothing before; `skipped`: it stays as it is,
   * see `why`.
   */
  outcome: 'restored' | 'deleted' | 'skipped'
  /**
   * `changed_since`: somebody else has changed it (`by`) after the changes that were to be undone; `unknown_before`: the
   * history does not say any more what there was.
   */
  why: 'changed_since' | 'unknown_before' | undefined
  by: Author | undefined
  /** That it was deleted, and is back by the undo. */
  wasDeleted: boolean
  /** The revisions whose changes are undone, latest first; what a `restored` record holds is of the one before the last. */
  revisions: number[]
  /** The revision that undid them; undefined in a dry run, after a deletion, and of agents' own memory. */
  revision: number | undefined
}

/** What an undo did, or would do. */
export interface Undo {
  restored: number
  deleted: number
  skipped: number
  dryRun: boolean
  /** When it began: undoing what was changed since by whoever undid it, undoes this. */
  at: Date
  records: UndoneRecord[]
}

/** What is forgotten, and how. */
export interface ForgetOptions extends ChangeOptions, Pick<RedactOptions, 'reason' | 'vacuum'> {
  /** Only say what would be done. Default: do it. */
  dryRun?: boolean | undefined
  /** Ends it between two records; what was forgotten until then stays so. */
  signal?: AbortSignal | undefined
}

/** What became of a record in which something was forgotten, or would. */
export interface ForgottenRecord {
  record: ChangedRecord
  /**
   * `restored`: it holds again what it held before; `deleted`: nobody else had written it, or nobody knows any more what;
   * `kept`: others have written what it holds.
   */
  outcome: 'restored' | 'deleted' | 'kept'
  /** The revisions whose content is gone, latest first. */
  revisions: number[]
}

/** What was forgotten, or would be. */
export interface Forgotten {
  restored: number
  deleted: number
  kept: number
  dryRun: boolean
  records: ForgottenRecord[]
}

/** What is kept of the history of a namespace. What is left out is the default. */
export interface RetentionOptions {
  /** How many versions of each key, at least: from 0, for what is stored often and wanted never again. Default 20. */
  versions?: number | undefined
  /** For how many days after they were replaced, at least 1. Default 90. */
  days?: number | undefined
}

/** What was said of a namespace. */
export interface Retention {
  namespace: string
  versions: number
  days: number
}

/** What was changed, over all kinds of records that have a history. */
export class History {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Takes back what an agent, or a person, has changed last: each record that it wrote or deleted holds again what it held
   * before, as a new revision whose author is who undoes it. Only records that nobody else has changed since are touched,
   * unless `force` is set; those that are left are named. Each record is undone by itself, and what happens to it at the same
   * time is not lost. To undo the undoing, undo what you have changed since its `at`.
   * @param by the agent, or else the person or the token, that authors name; who has brought records from another store is
   *   one of their authors too
   */
  async undo(by: string, options: UndoOptions = {}): Promise<Undo> {
    checkHistory.undo(options)
    return undo(this.#context, by, options)
  }

  /**
   * Removes for good what an agent, or a person, has written: from each record, which holds again what others had made it or is
   * deleted, and from all its versions, as `kv.redact` does. What others have written stays, also where it came after. It
   * cannot be undone, and cannot reach copies elsewhere, events, or what others have made of it.
   * @param by as in {@link undo}
   */
  async forget(by: string, options: ForgetOptions = {}): Promise<Forgotten> {
    checkHistory.forget(options)
    return forget(this.#context, by, options)
  }

  /**
   * Says how much is kept of the history of a namespace of key-value memory; without a number it is the default again. With
   * 0 versions nothing is kept from then on, and what there was is removed by the upkeep. Fewer versions than before count
   * for a key once it has changed a few times more, fewer days within a day.
   */
  async setRetention(namespace: string, options: RetentionOptions = {}): Promise<void> {
    checkHistory.setRetention(options)
    await setRetention(this.#context.db, namespace, options)
  }

  /** The namespaces of which somebody has said how much is kept of their history, by name. */
  async retention(options: PageOptions = {}): Promise<Page<Retention>> {
    checkHistory.retention(options)
    return listRetention(this.#context.db, options)
  }
}
