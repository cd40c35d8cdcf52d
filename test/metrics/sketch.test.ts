import fc from 'fast-check'
import { expect, it } from 'vitest'
import { relativeError, Sketch } from '../../src/metrics/sketch.ts'

const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(
    0,
    -0,
    1e-320,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2.2250738585072014e-308,
  ),
)
const values = fc.array(value, { minLength: 1, maxLength: 200 })

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch()
  for (const value of values) sketch.add(value)
  return sketch
}

function stored({ count, sum, min, max }: Sketch, bins: string): Sketch {
  return Sketch.from({ count, sum, min, max, sketch: bins })
}

const percents = [0, 1, 25, 50, 75, 90, 95, 99, 99.9, 100]

it('tells every percentile to 1 % of the value of that rank, for any values', () => {
  fc.assert(
    fc.property(values, values => {
      const sketch = sketchOf(values)
      const inOrder = Float64Array.from(values).sort()
      for (const percent of percents) {
        const exact = inOrder[Math.max(1, Math.ceil((values.length * percent) / 100)) - 1]!
        // Beside the stated error there is that of the logarithm itself, and of numbers too small for their digits.
        const bound = Math.abs(exact) * (relativeError + 1e-10) + 2.3e-308
        expect(Math.abs(sketch.percentile(percent) - exact)).toBeLessThanOrEqual(bound)
      }
      const extremes = [inOrder[0]! + 0, inOrder.at(-1)! + 0]
      expect([sketch.count, sketch.min + 0, sketch.max + 0]).toEqual([values.length, ...extremes])
    }),
    { numRuns: 3_000 },
  )
})

it('is, merged from parts in any order, what it would be of all values at once', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), parts => {
      const whole = sketchOf(parts.flat())
      for (const order of [parts, parts.toReversed()]) {
        const merged = new Sketch()
        for (const part of order) merged.merge(sketchOf(part))
        expect(merged.bins()).toBe(whole.bins())
        expect([merged.count, merged.min, merged.max]).toEqual([whole.count, whole.min, whole.max])
        for (const percent of percents) expect(merged.percentile(percent)).toBe(whole.percentile(percent))
      }
    }),
    { numRuns: 1_000 },
  )
})

it('adds sums exactly where the numbers are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 2 }), values => {
      const sketch = sketchOf(values.slice(1))
      sketch.merge(sketchOf(values.slice(0, 1)))
      expect(sketch.sum).toBe(values.reduce((sum, value) => sum + value, 0))
    }),
  )
  expect(sketchOf([Number.MAX_VALUE, Number.MAX_VALUE]).sum).toBe(Number.MAX_VALUE)
})

it('reads back what it wrote, and goes on from there', () => {
  fc.assert(
    fc.property(values, values, (first, second) => {
      const sketch = sketchOf(first)
      const copy = stored(sketch, sketch.bins())
      expect(copy.bins()).toBe(sketch.bins())
      for (const value of second) for (const one of [sketch, copy]) one.add(value)
      expect(copy.bins()).toBe(sketch.bins())
      for (const percent of percents) expect(copy.percentile(percent)).toBe(sketch.percentile(percent))
    }),
    { numRuns: 1_000 },
  )
})

it('stays small: values over six orders of magnitude take some 5 KB, however many they are', () => {
  const sketch = new Sketch()
  for (let i = 0; i < 100_000; i++) sketch.add(10 ** ((i % 6_000) / 1_000))
  expect(sketch.bins().length).toBeLessThan(5_000)
})
