import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs work outside of every caller's asynchronous context. Queues and timers that serve all callers must not belong to
 * the one that happened to start them: it could be a transaction, with which the work has nothing to do.
 */
export const outsideAsyncContext = AsyncLocalStorage.snapshot()
