import { quantile } from '../harness.ts'
import type { Question } from './collection.ts'

/** What a search answered: the keys, best first, and how long it took. */
export interface Answer {
  readonly keys: readonly string[]
  readonly ms: number
}

/** How well the questions of a set were answered. The first five are means over the questions, between 0 and 1. */
export interface Figures {
  readonly questions: number
  /** The share of the relevant records that is among the first ten, and between what 95 % of samples lie. */
  readonly recall: number
  readonly recallBetween: readonly [low: number, high: number]
  /** The first answer is relevant. */
  readonly firstHit: number
  /** One by the place of the first relevant answer. */
  readonly reciprocalRank: number
  /** Normalized discounted cumulative gain of the first ten, https://doi.org/10.1145/582415.582418 */
  readonly gain: number
  readonly p50Ms: number
  readonly p95Ms: number
}

const depth = 10

export function figuresOf(answered: readonly { question: Question; answer: Answer }[]): Figures {
  const each = answered.map(({ question: { relevant }, answer: { keys } }) => measures(relevant, keys))
  const times = answered.map(({ answer }) => answer.ms)
  return {
    questions: answered.length,
    recall: mean(each.map(({ recall }) => recall)),
    recallBetween: between(each.map(({ recall }) => recall)),
    firstHit: mean(each.map(({ firstHit }) => firstHit)),
    reciprocalRank: mean(each.map(({ reciprocalRank }) => reciprocalRank)),
    gain: mean(each.map(({ gain }) => gain)),
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
  }
}

function measures(relevant: Question['relevant'], keys: readonly string[]) {
  const top = keys.slice(0, depth)
  const first = top.findIndex(key => relevant.has(key))
  const ideal = [...relevant.values()].sort((a, b) => b - a).slice(0, depth)
  return {
    recall: top.filter(key => relevant.has(key)).length / relevant.size,
    firstHit: first === 0 ? 1 : 0,
    reciprocalRank: first === -1 ? 0 : 1 / (first + 1),
    gain: discounted(top.map(key => relevant.get(key) ?? 0)) / discounted(ideal),
  }
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0)
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

const resamples = 1_000

/** The bootstrap's interval, https://doi.org/10.1214/aos/1176344552, drawn the same way in each run. */
function between(numbers: readonly number[]): [low: number, high: number] {
  let seed = 1
  const draw = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return numbers[Math.floor((seed / 0x80000000) * numbers.length)] ?? 0
  }
  const means = Array.from({ length: resamples }, () => mean(numbers.map(draw)))
  return [quantile(means, 0.025), quantile(means, 0.975)]
}
