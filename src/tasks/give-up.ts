import { checkInteger } from '../util/check.ts'

/** What a worker's handler throws when trying again cannot help: the task has then failed. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp'
}

/** What a worker's handler throws to have the task later: it goes back as if it had not been claimed. */
export class TryLater extends Error {
  override readonly name = 'TryLater'
  readonly delayMs: number

  /** @param delayMs how long no worker can claim the task, in milliseconds */
  constructor(delayMs: number, message = `to be tried again in ${delayMs} ms`) {
    super(message)
    this.delayMs = checkInteger('delayMs', delayMs, 0)
  }
}
