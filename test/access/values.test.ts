import fc from 'fast-check'
import { expect, it } from 'vitest'
import { coerce } from '../../src/cli/coerce.ts'
import { openMemory } from '../../src/open.ts'
import type { Json } from '../../src/util/json.ts'
import { ask, overHttp } from '../mcp/support.ts'
import { openScratch } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'

const valueField = { name: 'value', type: 'json', description: '' } as const

it('a value is the same through whichever door it goes in and comes out', async () => {
  const memory = await openScratch()
  const { url, token } = await startHttp(memory)
  const remote = await openMemory(url, { token })
  const client = await overHttp('modern', memory)
  const writers: Record<string, (value: Json) => Promise<unknown>> = {
    library: value => memory.store('k', value),
    http: value => remote.store('k', value),
    mcp: value => ask(client, 'remember', { key: 'k', value }),
    cli: value =>
      memory.store('k', coerce({ what: 'VALUE', field: valueField }, [JSON.stringify(value)]) as Json),
  }
  const readers: Record<string, () => Promise<unknown>> = {
    library: () => memory.retrieve('k'),
    http: () => remote.retrieve('k'),
    mcp: async () => (await ask(client, 'recall', { key: 'k' })).data.value,
  }
  // A client of MCP has rounded such a number before the server sees it.
  const mayBeRounded = (value: Json) => /(?<![.\d])\d{17,}(?![.\de])/.test(JSON.stringify(value))
  const exact = fc.jsonValue({ stringUnit: 'grapheme' }).filter(value => !mayBeRounded(value as Json))
  await fc.assert(
    fc.asyncProperty(exact, async given => {
      const value: Json = JSON.parse(JSON.stringify(given))
      for (const [into, write] of Object.entries(writers)) {
        await write(value)
        for (const [from, read] of Object.entries(readers))
          expect(await read(), `${into} to ${from}`).toEqual(value)
      }
    }),
    { numRuns: 40 },
  )
  const rounded = await ask(client, 'remember', { key: 'k', value: { id: 12345678901234567890n.toString() } })
  expect(rounded.isError).toBe(false)
  // biome-ignore lint/correctness/noPrecisionLoss: as a client sends it that has rounded it already
  const refused = await ask(client, 'remember', { key: 'k', value: { id: 12345678901234567890 } })
  expect(refused).toMatchObject({
    isError: true,
    text: expect.stringContaining('remember.value.id is the whole number 12345678901234567000'),
  })
  await remote.close()
})
