import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('finds what another process stored as soon as that is acknowledged', async () => {
  const file = scratchFile()
  // The others leave few moments to write in, where disks are slow.
  const memory = await openScratch({ busyTimeoutMs: 60_000 }, file)
  const writer = startChild('find-writes', file, 'w', 300)
  let seen = 0
  while (writer.process.exitCode === null && (seen < 20 || writer.lines.length < 300)) {
    const [verb, key = '', word = ''] = writer.lines.at(-1)?.split(' ') ?? []
    if (verb === 'stored') {
      const found = await memory.find(word)
      if (found.length > 0) seen++
      // Words are used once: a record that still holds this one has held it all the while.
      else expect(String(await memory.retrieve(key)).split(' ')).not.toContain(word)
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  writer.process.stdin?.end()
  expect(await writer.exited).toBe(0)
  const current = new Map(writer.lines.map(line => [line.split(' ')[1] ?? '', line.split(' ')[2]]))
  for (const [key, word] of current) {
    if (word !== undefined) expect(await memory.find(word)).toMatchObject([{ key }])
  }
  expect(await memory.find(`text of w`, { limit: 100 })).toHaveLength((await memory.search('*')).length)
})

it('keeps the index true while three processes write and three others search', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const searchers = Array.from({ length: 3 }, () => startChild('find-searches', file))
  await Promise.all(searchers.map(child => child.until(line => line === 'ready')))
  const writers = ['a', 'b', 'c'].map(name => startChild('find-writes', file, name, 120))
  for (const child of writers) child.process.stdin?.end()
  expect(await Promise.all(writers.map(child => child.exited))).toEqual([0, 0, 0])
  for (const child of searchers) child.process.stdin?.end()
  expect(await Promise.all(searchers.map(child => child.exited))).toEqual([0, 0, 0])
  const stored = await memory.search('*')
  const found = await memory.find('text', { limit: 100 })
  const keys = found.map(each => ('key' in each ? each.key : ''))
  expect(keys.sort()).toEqual(stored.map(record => record.key).sort())
  for (const { key, value } of stored) {
    const word = String(value).split(' ').at(-1) ?? ''
    const holders = await memory.find(word)
    expect(holders.map(each => ('key' in each ? each.key : ''))).toContain(key)
  }
  await memory.optimize()
  expect(await memory.query('select * from hivewax_find_changes')).toEqual([])
  expect(await memory.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})
