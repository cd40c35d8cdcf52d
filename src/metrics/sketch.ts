/** How far a percentile may be from a value of that rank, as a part of it. */
export const relativeError = 0.01

const gamma = (1 + relativeError) / (1 - relativeError)
const logGamma = Math.log(gamma)
/** From the upper end of a bin to the value in it that is equally far, in relation, from both ends. */
const toMiddle = Math.log((gamma + 1) / 2)

/** Smaller numbers have fewer digits than the bins need to tell them apart: they count as 0. */
const leastMagnitude = 2.2250738585072014e-308

/** How many values fell into each bin. Bin i holds the magnitudes in (gamma^(i-1), gamma^i]. */
type Bins = Map<number, number>

/**
 * Values in figures that can be merged: count, sum and extremes exactly, and every percentile to 1 % of its value,
 * whatever the distribution. A store of counts in bins that grow geometrically: a few hundred of them for values
 * that differ by a factor of 1,000, at most some 71,000 for all that a number can be. Merging loses nothing: the
 * sketch of two sets together is the merger of theirs.
 *
 * Source: Masson, Rim, Lee, DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees,
 * VLDB 2019.
 */
export class Sketch {
  count = 0
  /** Held to the largest finite number. */
  sum = 0
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  #zeros = 0
  readonly #positive: Bins = new Map()
  readonly #negative: Bins = new Map()

  /** What {@link bins} wrote, with the figures that were kept beside it. */
  static from(figures: { count: number; sum: number; min: number; max: number; sketch: string }): Sketch {
    const sketch = new Sketch()
    const { count, sum, min, max } = figures
    Object.assign(sketch, { count, sum, min, max })
    // Only `bins` writes the column.
    const [zeros, positive, negative] = JSON.parse(figures.sketch) as [number, number[], number[]]
    sketch.#zeros = zeros
    decode(positive, sketch.#positive)
    decode(negative, sketch.#negative)
    return sketch
  }

  /** Adds a finite number. */
  add(value: number): void {
    this.#tally(1, value)
    this.#widen(value, value)
    const magnitude = Math.abs(value)
    if (magnitude < leastMagnitude) this.#zeros++
    else increase(value > 0 ? this.#positive : this.#negative, Math.ceil(Math.log(magnitude) / logGamma), 1)
  }

  /** Adds all that another sketch was given. */
  merge(other: Sketch): void {
    this.#tally(other.count, other.sum)
    this.#widen(other.min, other.max)
    this.#zeros += other.#zeros
    for (const [bin, count] of other.#positive) increase(this.#positive, bin, count)
    for (const [bin, count] of other.#negative) increase(this.#negative, bin, count)
  }

  /** The value that so many percent of all do not exceed (nearest rank), to 1 %. The sketch must not be empty. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((this.count * percent) / 100))
    return Math.min(this.max, Math.max(this.min, this.#atRank(rank)))
  }

  /** The bins as compact JSON: zeros, then for either sign the first bin and its count, then steps and counts. */
  bins(): string {
    return JSON.stringify([this.#zeros, encode(this.#positive), encode(this.#negative)])
  }

  #tally(count: number, sum: number): void {
    this.count += count
    this.sum = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, this.sum + sum))
  }

  #widen(min: number, max: number): void {
    this.min = Math.min(this.min, min)
    this.max = Math.max(this.max, max)
  }

  #atRank(rank: number): number {
    let left = rank
    for (const [bin, count] of sorted(this.#negative).reverse()) {
      left -= count
      if (left <= 0) return -middle(bin)
    }
    left -= this.#zeros
    if (left <= 0) return 0
    for (const [bin, count] of sorted(this.#positive)) {
      left -= count
      if (left <= 0) return middle(bin)
    }
    return this.max
  }
}

function middle(bin: number): number {
  return Math.exp(bin * logGamma - toMiddle)
}

function increase(bins: Bins, bin: number, count: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + count)
}

function sorted(bins: Bins): [bin: number, count: number][] {
  return [...bins].sort(([a], [b]) => a - b)
}

function encode(bins: Bins): number[] {
  let last = 0
  return sorted(bins).flatMap(([bin, count]) => {
    const step = bin - last
    last = bin
    return [step, count]
  })
}

function decode(steps: readonly number[], bins: Bins): void {
  let bin = 0
  for (let i = 0; i < steps.length; i += 2) {
    bin += steps[i] ?? 0
    increase(bins, bin, steps[i + 1] ?? 0)
  }
}
