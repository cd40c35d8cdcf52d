import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { ask, overHttp } from '../mcp/support.ts'
import { startChild } from '../support/child.ts'
import { document, hivewax } from '../support/cli.ts'
import { openScratch, scratchFile } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'

it('is said at every door how much was not searched', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const records = Array.from({ length: 2_500 }, (_, i) => ({ key: `k${i}`, value: 'quince' }))
  for (let from = 0; from < records.length; from += 500)
    await memory.kv.storeMany(records.slice(from, from + 500))
  await memory.store('new', 'medlar')
  const holder = startChild('hold-transaction', file)
  await holder.until(line => line === 'holding')
  const missing = 501
  expect(await memory.findings('medlar')).toMatchObject({ isComplete: false, missing })

  const { url, token } = await startHttp(memory)
  const remote = await openMemory(url, { token })
  onTestFinished(() => remote.close())
  expect(await remote.findings('medlar')).toEqual(await memory.findings('medlar'))
  expect(await remote.find('medlar')).toMatchObject([{ key: 'new' }])

  const answer = await ask(await overHttp('modern', memory), 'recall', { text: 'medlar' })
  expect(answer).toMatchObject({
    data: [{ key: 'new' }],
    note: expect.stringContaining(`${missing} changes`),
  })

  const folder = path.dirname(file)
  const said = hivewax(folder, ['--url', file, 'find', 'medlar'])
  expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('new') })
  expect(said.stderr).toContain(`${missing} changes wait to be indexed`)
  const json = hivewax(folder, ['--url', file, 'find', 'medlar', '--json'])
  expect(document(json)).toMatchObject({ ok: true, data: { isComplete: false, missing } })

  holder.process.stdin?.end()
  expect(await holder.exited).toBe(0)
  expect(hivewax(folder, ['--url', file, 'optimize']).status).toBe(0)
  expect(hivewax(folder, ['--url', file, 'find', 'medlar']).stderr).not.toContain('wait to be indexed')
})
