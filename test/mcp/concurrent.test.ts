import { expect, it } from 'vitest'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { ask, eras, overStdio } from './support.ts'

const processes = 4
const stores = 50

for (const era of eras) {
  it(`keeps each of 200 pipelined stores of 4 server processes: ${era}`, async () => {
    const folder = scratchFolder()
    const clients = await Promise.all(Array.from({ length: processes }, () => overStdio(era, folder)))
    const answers = await Promise.all(
      clients.flatMap((client, who) =>
        Array.from({ length: stores }, (_, i) =>
          ask(client, 'remember', { key: `${who}/${i}`, value: { who, i } }),
        ),
      ),
    )
    expect(answers.filter(({ isError, data }) => !isError && data.revision > 0)).toHaveLength(
      processes * stores,
    )
    await Promise.all(clients.map(client => client.close()))
    const memory = await openScratch({}, `${folder}/memory.db`)
    const { items } = await memory.kv.search('*', { limit: 1_000 })
    const wanted = Array.from({ length: processes * stores }, (_, n) => {
      const [who, i] = [Math.floor(n / stores), n % stores]
      return [`${who}/${i}`, { who, i }]
    })
    expect(Object.fromEntries(items.map(({ key, value }) => [key, value]))).toEqual(
      Object.fromEntries(wanted),
    )
    const writers = new Set(items.map(({ author }) => JSON.stringify(author)))
    expect(writers.size).toBe(processes)
    for (const writer of writers)
      expect(writer).toMatch(/^{"agent":"tester-[0-9a-f]{8}","via":"mcp:tester"}$/)
  })
}
