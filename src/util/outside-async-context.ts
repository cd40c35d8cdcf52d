import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs work in nobody's asynchronous context. Queues and timers that serve every caller must not belong to whoever
 * happened to start them: that could be a transaction, with which the work has nothing to do.
 */
export const outsideAsyncContext = AsyncLocalStorage.snapshot()
