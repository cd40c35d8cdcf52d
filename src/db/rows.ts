import { Storage } from '../errors.ts'

/** The row of a statement that always returns one, such as an insert with `returning`. */
export function theRow<R>([row]: readonly R[]): R {
  if (row !== undefined) return row
  throw new Storage('a statement that always returns a row returned none', {
    hint: 'Rows that the store needs were deleted: run `hivewax doctor`, and restore a backup if it says so.',
  })
}
