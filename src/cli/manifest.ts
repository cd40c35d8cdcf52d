import { z } from 'zod'
import { operations } from '../operations.ts'
import type { Command } from './command.ts'
import { describeOperation } from './describe.ts'

/**
 * The commands of all operations. Loading zod and reading the schemas takes longer than Node takes to start, so
 * the bundle holds the value of this constant instead of this module, see `scripts/build.ts`.
 */
export const manifest: readonly Command[] = operations.map(operation => describeOperation(z, operation))
