import type { Capabilities } from '../capabilities.ts'
import type { Commits, Db, DbTransactionOptions, Dialect, Executed, QueryOptions, Row } from '../db.ts'
import type { Hints } from '../hints.ts'
import type { Param, Sql } from '../sql.ts'

/**
 * A handle on the database of another handle. Forwards every call; what derives from it overrides what it changes.
 * `Required` has the compiler refuse a member of `Db` that is not forwarded, optional ones included.
 */
export abstract class DbDecorator implements Required<Db> {
  readonly dialect: Dialect
  readonly supports: Capabilities
  readonly hints: Hints
  readonly author: string
  readonly commits: Commits
  protected readonly inner: Db

  /** @param changed the capabilities that this handle has or lacks, other than `inner` */
  constructor(inner: Db, changed?: Partial<Capabilities>) {
    this.inner = inner
    this.dialect = inner.dialect
    this.supports = changed === undefined ? inner.supports : { ...inner.supports, ...changed }
    this.hints = inner.hints
    this.author = inner.author
    this.commits = inner.commits
  }

  all<R extends object = Row>(query: Sql): Promise<R[]> {
    return this.inner.all<R>(query)
  }

  transaction<T>(fn: (tx: Db) => Promise<T>, options?: DbTransactionOptions): Promise<T> {
    return this.inner.transaction(fn, options)
  }

  query(text: string, params?: readonly Param[], options?: QueryOptions): Promise<Row[]> {
    return this.inner.query(text, params, options)
  }

  execute(text: string, params?: readonly Param[]): Promise<Executed> {
    return this.inner.execute(text, params)
  }

  version(): Promise<unknown> {
    return this.inner.version()
  }

  assertOutside(): void {
    this.inner.assertOutside()
  }

  readBeforeWrites<T>(read: () => Promise<T>): Promise<T> {
    return this.inner.readBeforeWrites(read)
  }
}
