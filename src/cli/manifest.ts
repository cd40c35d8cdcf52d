import { z } from 'zod'
import { operations } from '../operations.ts'
import type { Command } from './command.ts'
import { describeOperation } from './describe.ts'

/**
 * The commands of all operations. Loading zod and reading the schemas takes longer than Node takes to start, so
 * the bundle has the value of this constant in a file instead, see `scripts/build/`.
 */
export const manifest: readonly Command[] = operations.map(operation => describeOperation(z, operation))
