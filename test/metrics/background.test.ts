import { expect, it, onTestFinished } from 'vitest'
import { Background } from '../../src/maintenance/background.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { fail, openUpkeep } from '../support/upkeep.ts'

it('has the background work roll measurements up and delete them at the ages that were set', async () => {
  const file = scratchFile()
  const clock = new TestClock()
  const memory = await openScratch({ clock }, file)
  for (const days of [400, 40, 4]) {
    await memory.metrics.recordMany([{ name: 'm', value: days, timestamp: `${days}d` }])
  }
  await memory.metrics.setRetention({ rollupAfter: '30d', deleteAfter: '365d' })
  const upkeep = await openUpkeep(file, clock)
  const background = new Background(upkeep, { intervalMs: 10, onError: fail })
  onTestFinished(() => background.stop().then(upkeep.release))
  const summary = () => memory.metrics.summary('m')
  await expect.poll(summary).toMatchObject([{ count: 2, max: 40, exact: false }])
  // The round that rolled up may still be at work: what comes of age until it ends is the next one's.
  clock.advance(30 * 86_400_000)
  await expect.poll(() => memory.metrics.list()).toMatchObject({ items: [] })
  expect(await summary()).toMatchObject([{ count: 2, min: 4, max: 40 }])
})
