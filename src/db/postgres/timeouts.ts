/**
 * How long a transaction of ours may stand still, in milliseconds. It waits for nothing but its own statements, and so
 * its process has been stopped or is gone, while others wait for what it has locked: then the server rolls it back.
 */
export const maxIdleMs = 10_000

/** So much longer the server lets a caller go on, in milliseconds, for its process ends what is late by itself. */
const graceMs = 1_000

/** The longest time that the server takes for a setting, in milliseconds. */
const maxMs = 2 ** 31 - 1

/** How long a statement waits for a lock that another transaction holds, where 0 would be for ever. */
export function lockTimeout(ms: number): string {
  return `lock_timeout=${Math.min(Math.max(1, Math.ceil(ms)), maxMs)}`
}

/** Begins a transaction for a statement of a caller that only reads, in so many milliseconds; undefined for any time. */
export function beginReading(timeoutMs: number | undefined): string {
  return timeoutMs === undefined
    ? 'begin read only'
    : `begin read only; ${statementsWithin(timeoutMs + graceMs)}`
}

/**
 * Begins a transaction of a caller, who may have it wait for other things than the store.
 * @param begin what begins a transaction of this call
 */
export function beginWithin(timeoutMs: number, begin: string): string {
  const idleMs = Math.min(timeoutMs + graceMs, maxMs)
  return `${begin}; set local idle_in_transaction_session_timeout = ${idleMs}; ${statementsWithin(timeoutMs)}`
}

/** Lets the transaction, or else the session, take its time: for a copy of all records at a reader's pace. */
export function unlimited(of: 'transaction' | 'session'): string {
  const names = ['statement_timeout', 'idle_in_transaction_session_timeout']
  return `select ${names.map(name => `set_config('${name}', '0', ${of === 'transaction'})`).join(', ')}`
}

/** What the server or the role sets goes before: their administrators know what they can bear. */
function statementsWithin(ms: number): string {
  return `select set_config('statement_timeout', '${ms}', true) where current_setting('statement_timeout') = '0'`
}
