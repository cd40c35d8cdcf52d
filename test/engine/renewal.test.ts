import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { Renewal } from '../../src/util/renewal.ts'

it('tells a holder whose process stood still in a renewal that its lease has lapsed, without a warning of Node', async () => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const leaseMs = 30
  const renewal = new Renewal(async () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * leaseMs)
  }, leaseMs)
  await once(renewal.signal, 'abort')
  expect(renewal.signal.reason).toMatchObject({ code: 'deadline' })
  await new Promise(resolve => setImmediate(resolve))
  expect(warnings).toEqual([])
})
