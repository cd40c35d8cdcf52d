import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { emptyUrl, openPostgresScratch } from '../support/postgres.ts'

it('lets a process that has listened tell the others of its last write before it ends', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  const child = startChild('follow-then-close', url, 20)
  await child.until(line => line === 'ready')
  // Long enough for it to have found out that it is notified.
  for (let i = 0; i < 20; i++) {
    await memory.logEvent('go', i)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  expect(await child.exited).toBe(0)
  expect(child.lines).toContain('closed')
  expect(await memory.retrieve('last')).toBe('words')
})
