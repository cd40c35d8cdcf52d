/** Set by the set-up of a run, unless whoever starts it wants a former one again. */
const seedVariable = 'HIVEWAX_TEST_SEED'

const isEveryRound = process.env.HIVEWAX_TEST_ROUNDS === 'all'

/**
 * How often a random test is repeated, of the times that it is worth: a fifth, since every run tries other cases; all
 * with HIVEWAX_TEST_ROUNDS=all.
 * @param least what it takes to find every time what the test was written for. Default: 1
 */
export function rounds(all: number, least = 1): number {
  return isEveryRound ? all : Math.max(Math.ceil(all / 5), Math.min(least, all))
}

/** The number that the random tests of this run follow from, as far as what is random is theirs to choose. */
export function seedOfRun(): number {
  process.env[seedVariable] ??= String(Math.floor(Math.random() * 2 ** 31))
  return Number(process.env[seedVariable])
}

/** Numbers from 0 to 1 that a seed determines (mulberry32). Default: other ones in each run. */
export function seeded(seed = seedOfRun()): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
