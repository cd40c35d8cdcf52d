import { kvOperations } from './kv/operations.ts'
import type { Operation } from './operation.ts'

/** Everything that the doors can do, in the order of the reference. */
export const operations: readonly Operation[] = [...kvOperations]
