/**
 * Large transactions under way at once: the server works on one while the answers of the other are read. More of them
 * would only wait for each other's rows.
 */
const maxUnderWay = 2

/** Whose turn it is to begin a large transaction, among some that do calls together. */
export class Turns {
  #underWay = 0
  readonly #waiting: (() => void)[] = []

  /** Waits for a turn, and tells how many are free, this one included. */
  async take(): Promise<number> {
    if (this.#underWay === maxUnderWay) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#underWay++
    return maxUnderWay - this.#underWay + 1
  }

  /** Ends a turn: it goes to who has waited longest. */
  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#underWay--
    else next()
  }
}
