import { describe, expect, it } from 'vitest'
import { engines } from '../support/engines.ts'
import { answers } from './answers.ts'
import { catalog } from './catalog.ts'
import { recordedStores, remake } from './stores.ts'

/** What `doctor` says of a store alone, and not of the machine that it is on. */
const ofTheStore = /^(schema|integrity|references|orphans|indexes|migration)$/

interface Answers {
  tasks: object
  graph: object
  queues: object
}

/** All leases of a recorded store have lapsed; the programs of then showed, and counted, their tasks as running. */
function withLapses({ tasks, graph, queues, ...others }: Answers): object {
  const shown = (name: string, value: unknown) => {
    if (value === 'running') return 'lapsed'
    return name === 'running' ? 0 : value
  }
  return { ...others, ...JSON.parse(JSON.stringify({ tasks, graph, queues }, shown)) }
}

describe.each(engines)('$name', ({ name, scratch, open }) => {
  const former = recordedStores.filter(({ engine }) => engine === name)

  describe.each(former)('a store of schema $schema', recorded => {
    it('opens with all of its records, and answers as it did', async () => {
      const location = scratch()
      await remake(recorded, location)
      const memory = await open({}, location)
      expect(await answers(memory)).toMatchObject(withLapses(recorded.answers as Answers))
    })

    it('is from then on what a new store is', async () => {
      const location = scratch()
      await remake(recorded, location)
      await open({}, location)
      const fresh = scratch()
      await open({}, fresh)
      expect(await catalog(location)).toEqual(await catalog(fresh))
    })

    it('goes on with its work', async () => {
      const location = scratch()
      await remake(recorded, location)
      const memory = await open({}, location)
      const last = await memory.events.latest()
      expect((await memory.logEvent('upgraded')).id).toBe(Number(last?.id) + 1)
      const claimed = await memory.tasks.claim({ agentId: 'cyd', capabilities: ['typescript'], limit: 10 })
      expect(claimed.map(({ id }) => id)).toEqual(expect.arrayContaining(['fill', 'test']))
      await memory.store('greeting', 'pollen')
      await memory.agents.delete('bob')
      expect(await memory.find('pollen')).toMatchObject([{ in: 'memory', key: 'greeting' }])
      const { checks } = await memory.maintenance.doctor()
      expect(checks.filter(({ name, ok }) => !ok && ofTheStore.test(name))).toEqual([])
    })
  })
})
