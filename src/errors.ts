/**
 * Every error that hivewax raises on purpose, and the one table that says what each code means to the doors:
 * its HTTP status, the exit code of the command line, and whether trying again can help.
 */

interface Meaning {
  readonly status: number
  readonly exit: number
  readonly retryable: boolean
}

const meanings = {
  invalid_input: { status: 400, exit: 2, retryable: false },
  too_large: { status: 413, exit: 2, retryable: false },
  transaction_misuse: { status: 400, exit: 2, retryable: false },
  foreign_store: { status: 400, exit: 2, retryable: false },
  unauthorized: { status: 401, exit: 5, retryable: false },
  forbidden: { status: 403, exit: 5, retryable: false },
  not_found: { status: 404, exit: 3, retryable: false },
  compacted: { status: 410, exit: 3, retryable: false },
  conflict: { status: 409, exit: 4, retryable: false },
  stale_token: { status: 409, exit: 4, retryable: false },
  unsupported: { status: 501, exit: 1, retryable: false },
  store_too_new: { status: 501, exit: 1, retryable: false },
  busy: { status: 503, exit: 6, retryable: true },
  rate_limited: { status: 429, exit: 6, retryable: true },
  store_gone: { status: 503, exit: 6, retryable: true },
  closed: { status: 503, exit: 1, retryable: false },
  deadline: { status: 504, exit: 1, retryable: false },
  corrupt: { status: 500, exit: 7, retryable: false },
  disk_full: { status: 507, exit: 8, retryable: false },
  storage: { status: 500, exit: 1, retryable: false },
} as const satisfies Record<string, Meaning>

/** The stable name of a kind of failure. Codes are the contract; messages may be reworded. */
export type ErrorCode = keyof typeof meanings

/** The code → HTTP status, exit code and retryability table, for the doors and the reference. */
export const errorTable: Readonly<Record<ErrorCode, Meaning>> = meanings

export interface ErrorOptions {
  /** What the reader can do about it, one sentence. */
  hint?: string | undefined
  /** Machine-readable particulars: the value at fault, the current version … */
  details?: Readonly<Record<string, unknown>> | undefined
  cause?: unknown
}

/** The base of all errors thrown on purpose. Match on `code`, not on the message. */
export class HivewaxError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.hint = options.hint
    this.details = options.details
  }

  /**
   * True when the same call may succeed later without any change by the caller. Of `store_gone` that is so at a server,
   * which opens the store anew; a handle of the library has to be opened anew by its owner.
   */
  get retryable(): boolean {
    return meanings[this.code].retryable
  }

  /** The shape that every door shows: `{ code, message, hint?, details? }`. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; details?: Readonly<Record<string, unknown>> } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint !== undefined && { hint: this.hint }),
      ...(this.details !== undefined && { details: this.details }),
    }
  }
}

/** The caller passed something that can never work: a bad key, value, option, path or statement. */
export class InvalidInput extends HivewaxError {
  constructor(
    message: string,
    options?: ErrorOptions,
    code: 'invalid_input' | 'too_large' | 'transaction_misuse' | 'foreign_store' = 'invalid_input',
  ) {
    super(code, message, options)
  }
}

/** The caller has not identified itself, or may not do this. */
export class Unauthorized extends HivewaxError {
  constructor(message: string, options?: ErrorOptions, code: 'unauthorized' | 'forbidden' = 'unauthorized') {
    super(code, message, options)
  }
}

/** The record that the operation needs does not exist (or has expired), or its history was compacted away. */
export class NotFound extends HivewaxError {
  constructor(message: string, options?: ErrorOptions, code: 'not_found' | 'compacted' = 'not_found') {
    super(code, message, options)
  }
}

/** The store holds something else than the caller expected. `details` carries what it holds. */
export class Conflict extends HivewaxError {
  constructor(message: string, options?: ErrorOptions, code: 'conflict' | 'stale_token' = 'conflict') {
    super(code, message, options)
  }
}

/** This engine, this platform or this version of the program cannot do it. */
export class Unsupported extends HivewaxError {
  constructor(
    message: string,
    options?: ErrorOptions,
    code: 'unsupported' | 'store_too_new' = 'unsupported',
  ) {
    super(code, message, options)
  }
}

/**
 * Others hold the store for longer than `busyTimeoutMs`, its server is away, or a rate limit was met. Nothing was
 * stored, unless `details.outcome` is `unknown`: then the connection broke during the commit.
 */
export class Busy extends HivewaxError {
  constructor(message: string, options?: ErrorOptions, code: 'busy' | 'rate_limited' = 'busy') {
    super(code, message, options)
  }
}

/** The handle was closed, or the transaction it belongs to has ended. */
export class Closed extends HivewaxError {
  constructor(message: string, options?: ErrorOptions) {
    super('closed', message, options)
  }
}

/** It took longer than it may. What was begun has been rolled back. */
export class Deadline extends HivewaxError {
  constructor(message: string, options?: ErrorOptions) {
    super('deadline', message, options)
  }
}

/** The database file is damaged, or is no database. */
export class Corrupt extends HivewaxError {
  constructor(message: string, options?: ErrorOptions) {
    super('corrupt', message, options)
  }
}

/** No room left on the device (or the store's page limit is reached). Nothing of the failed call was stored. */
export class DiskFull extends HivewaxError {
  constructor(message: string, options?: ErrorOptions) {
    super('disk_full', message, options)
  }
}

/**
 * Any other failure of the database or the file system. `store_gone`: a file of the store was deleted or replaced while
 * it was open, and the handle is refused from then on. Nothing was stored, unless `details.outcome` is `unknown`.
 */
export class Storage extends HivewaxError {
  constructor(message: string, options?: ErrorOptions, code: 'storage' | 'store_gone' = 'storage') {
    super(code, message, options)
  }
}

const classes: Record<
  ErrorCode,
  new (
    message: string,
    options?: ErrorOptions,
    code?: never,
  ) => HivewaxError
> = {
  invalid_input: InvalidInput,
  too_large: InvalidInput,
  transaction_misuse: InvalidInput,
  foreign_store: InvalidInput,
  unauthorized: Unauthorized,
  forbidden: Unauthorized,
  not_found: NotFound,
  compacted: NotFound,
  conflict: Conflict,
  stale_token: Conflict,
  unsupported: Unsupported,
  store_too_new: Unsupported,
  busy: Busy,
  rate_limited: Busy,
  closed: Closed,
  deadline: Deadline,
  corrupt: Corrupt,
  disk_full: DiskFull,
  storage: Storage,
  store_gone: Storage,
}

/** Whether a file of the store was deleted or replaced while it was open: see {@link Storage}. */
export function isStoreGone(error: unknown): boolean {
  return error instanceof HivewaxError && error.code === 'store_gone'
}

/** Whether the same call of the same handle may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof HivewaxError && error.retryable && !isStoreGone(error)
}

/** An error of this code, of its class. */
export function errorOf(code: ErrorCode, message: string, options?: ErrorOptions): HivewaxError {
  // Each class takes the codes that the table gives to it.
  return new classes[code](message, options, code as never)
}

/** The error that `toJSON` described, of the same class: for errors that came from another thread or process. */
export function errorFromJson({
  code,
  message,
  ...options
}: ReturnType<HivewaxError['toJSON']>): HivewaxError {
  return errorOf(code, message, options)
}
