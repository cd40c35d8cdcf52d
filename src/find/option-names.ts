import { optionChecks } from '../util/options.ts'
import type { Find } from './find.ts'

/** Refuses what a method does not know. */
export const checkFind = optionChecks<Find>('find', {
  find: { in: true, namespace: true, limit: true },
})
