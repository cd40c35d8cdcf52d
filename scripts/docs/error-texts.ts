import type { ErrorCode } from '../../src/errors.ts'

/** What each code means to a caller, and what to do about it. */
export const errorTexts: Readonly<Record<ErrorCode, { what: string; todo: string }>> = {
  invalid_input: {
    what: 'Something passed can never work: a key, a value, an option, a path, a statement.',
    todo: 'The message names it and what it should be; change the call.',
  },
  too_large: {
    what: 'A value is larger than a value may be (1 MiB of JSON, unless the handle was opened with another `maxValueBytes`).',
    todo: 'Store it in parts, keep it in a file and store the path, or raise the limit.',
  },
  transaction_misuse: {
    what: 'Inside the callback of a transaction another handle than its own was used, or the handle was used after the transaction had ended.',
    todo: 'Use the handle that the callback receives, and await everything done with it.',
  },
  foreign_store: {
    what: 'The file is the database of another program. Nothing was changed in it.',
    todo: 'Name another file, or move this one aside.',
  },
  unauthorized: {
    what: 'The caller did not say who it is, or nobody knows it.',
    todo: 'Pass a valid token.',
  },
  forbidden: {
    what: 'The caller is known but may not do this.',
    todo: 'Ask for the permission that the message names.',
  },
  not_found: {
    what: 'The record that the call needs does not exist, or has expired. Reading an absent record is no error in the library (`undefined`); the command line exits with this code.',
    todo: 'List what is there; create the record first.',
  },
  compacted: {
    what: 'What should follow the given cursor, event or revision was pruned from the history, so going on from there would skip something.',
    todo: 'Read the current state anew and go on from the floor that `details` carries.',
  },
  conflict: {
    what: 'The store holds something else than the caller expected. Nothing was changed.',
    todo: '`details` carries what it holds: decide again on that.',
  },
  stale_token: {
    what: 'A lease was lost: somebody else has claimed the task or taken the lock since, so this holder may not finish it.',
    todo: 'Stop the work; its new owner goes on.',
  },
  unsupported: {
    what: 'This engine, platform or file system cannot do it; or it would write, and the memory is only read.',
    todo: 'The message says what can, and why nothing can be written.',
  },
  store_too_new: {
    what: 'A newer hivewax has upgraded the store.',
    todo: 'Update hivewax here too, then open the store again.',
  },
  busy: {
    what: 'Others held the store for longer than `busyTimeoutMs` (5 seconds by default), or its server was away. The message says what was waited for. Nothing was stored, unless `details.outcome` is `unknown`: then the connection broke during the commit.',
    todo: 'Try again. When it happens often, look for a transaction that stays open for long.',
  },
  rate_limited: {
    what: 'The caller has asked too often.',
    todo: 'Wait, then try again.',
  },
  store_gone: {
    what: 'A file of the store was deleted, moved or replaced while it was open; the message names it. Nothing was stored, unless `details.outcome` is `unknown`. The handle, and everything of it that was under way, is refused from then on. Where the log was left, the message names the file in which all that the store held is saved.',
    todo: 'In the library, close every handle of the store and open it anew. `hivewax mcp`, `serve`, `work` and the shell do so by themselves: call again. See [what is promised of files](../guide/durability.md).',
  },
  closed: {
    what: 'The handle was closed.',
    todo: 'Open the memory again, or close it later.',
  },
  deadline: {
    what: 'It took longer than it may. What was begun has been rolled back.',
    todo: 'Do less at once, or allow more time.',
  },
  corrupt: {
    what: 'The file is damaged, or is no database. Or one record is not what was stored, which its checksum tells: then `details` names its table and key, and no read returns it, neither by its key nor in a list, which names the record that it cannot show.',
    todo: 'A damaged record goes when it is deleted or stored anew; `hivewax doctor` lists them all. Of a damaged file save what can be read with `hivewax recover NEW-FILE --from FILE`, which works though the store cannot be opened. Then move the file and what lies beside it elsewhere, and restore that new file, or the latest backup.',
  },
  disk_full: {
    what: 'There is no room left on the device. Nothing of the failed call was stored.',
    todo: 'Delete files that nobody needs, at least as large as the log of the store (`memory.db-wal`, up to 16 MB in common use); then `hivewax vacuum` merges the log and gives back what it takes. Until then deleting records and `vacuum` fail too, for they write first. `hivewax backup` to another disk works on a full one: restore it there and go on.',
  },
  storage: {
    what: 'The database or the file system failed in another way, such as a disk that does not read or write. When it failed during a commit, `details.outcome` is `unknown`: whether it was stored shows once the disk works again.',
    todo: 'The message carries what it said; check the path, its permissions and the disk.',
  },
}
