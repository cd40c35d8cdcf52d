import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('counts exactly when 8 processes read, add and write 1,000 times each in transactions', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const children = Array.from({ length: 8 }, () => startChild('increment', file, 1000))
  expect(await Promise.all(children.map(child => child.exited))).toEqual(Array(8).fill(0))
  expect(await memory.retrieve('counter')).toBe(8000)
}, 120_000)

it('lets 16 processes open a new store at once', async () => {
  const file = scratchFile()
  const children = Array.from({ length: 16 }, (_, i) => startChild('open', file, i))
  await Promise.all(children.map(child => child.until(line => line === 'ready')))
  for (const child of children) child.process.stdin?.write('go\n')
  expect(await Promise.all(children.map(child => child.exited))).toEqual(Array(16).fill(0))
  const memory = await openScratch({}, file)
  expect(await memory.search('opened by *')).toHaveLength(16)
  const [migrations] = await memory.query('select count(*) = max(id) as once from hivewax_migrations')
  expect(migrations).toEqual({ once: 1 })
  expect(await memory.query('pragma auto_vacuum')).toEqual([{ auto_vacuum: 2 }])
})
