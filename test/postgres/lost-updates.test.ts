import { describe, expect, it } from 'vitest'
import { Busy } from '../../src/errors.ts'
import type { Memory } from '../../src/memory.ts'
import type { Transaction } from '../../src/transaction.ts'
import type { Json } from '../../src/util/json.ts'
import { awaited, emptyUrl, openPostgresScratch } from '../support/postgres.ts'

/** A number that a transaction reads and then writes, in one kind of record: undefined while there is none. */
interface Counter {
  read(tx: Transaction): Promise<Json | undefined>
  write(tx: Transaction, value: number): Promise<unknown>
}

const counters: Record<string, Counter> = {
  'a key': {
    read: tx => tx.retrieve('n'),
    write: (tx, value) => tx.store('n', value),
  },
  'a whole record': {
    read: async tx => (await tx.kv.get('n'))?.value,
    write: (tx, value) => tx.store('n', value),
  },
  'one of several keys': {
    read: async tx => (await tx.kv.retrieveMany(['other', 'n', 'another'])).get('n'),
    write: (tx, value) => tx.store('n', value),
  },
  'a key that has expired': {
    read: tx => tx.retrieve('expired'),
    write: (tx, value) => tx.store('expired', value),
  },
  'memory of an agent that nobody knows': {
    read: tx => tx.agents.retrieveMemory('unknown', 'n'),
    write: (tx, value) => tx.storeAgentMemory('unknown', 'n', value),
  },
  'memory of an agent': {
    read: tx => tx.agents.retrieveMemory('known', 'n'),
    write: (tx, value) => tx.storeAgentMemory('known', 'n', value),
  },
  'an agent': {
    read: async tx => (await tx.agents.get('n'))?.state,
    write: (tx, state) => tx.registerAgent({ id: 'n', type: 'coder', state }),
  },
  'shared state': {
    read: async tx => (await tx.shared.get('n'))?.value,
    write: (tx, value) => tx.updateSharedState('n', value),
  },
  'a session': {
    read: tx => tx.resumeSession('n'),
    write: async (tx, value) => {
      await tx.sessions.delete('n')
      await tx.createSession(value, { id: 'n' })
    },
  },
  'the record of a session': {
    read: async tx => (await tx.sessions.get('n'))?.data,
    write: async (tx, value) => {
      await tx.sessions.delete('n')
      await tx.createSession(value, { id: 'n' })
    },
  },
  'a pattern': {
    read: async tx => (await tx.patterns.get('n'))?.patternData,
    write: (tx, patternData) => tx.storePattern({ id: 'n', type: 'count', patternData }),
  },
  'a workflow': {
    read: tx => tx.getWorkflowState('n'),
    write: (tx, state) => tx.saveWorkflowState('n', state),
  },
  'the steps of a workflow': {
    read: async tx => (await tx.workflows.getStep('n', 'last'))?.result,
    write: async (tx, value) => {
      await tx.workflows.delete('n')
      await tx.workflows.completeStep('n', 'last', value)
    },
  },
  'a proposal': {
    read: async tx => (await tx.getConsensusState('n'))?.value,
    write: (tx, value) => tx.proposeConsensus('n', { value }),
  },
  'a topology': {
    read: async tx => (await tx.topology.get('n'))?.metadata,
    write: (tx, metadata) =>
      tx.topology.save({ swarmId: 'n', topologyType: 'ring', nodes: ['a', 'b', 'c'], metadata }),
  },
  'the position of a group': {
    read: tx => tx.events.offset('n'),
    write: (tx, position) => tx.events.seek('n', position),
  },
}

async function openFilled(url?: string): Promise<Memory> {
  const memory = await openPostgresScratch({ maxConnections: 8 }, url)
  await memory.registerAgent({ id: 'known', type: 'coder' })
  await memory.store('expired', -1, { expiresAt: new Date(0) })
  return memory
}

async function add(memory: Memory, { read, write }: Counter): Promise<void> {
  await memory.transaction(async tx => {
    await write(tx, Number((await read(tx)) ?? 0) + 1)
  })
}

describe.each(Object.entries(counters))('%s', (_, counter) => {
  it('counts exactly when 8 transactions at a time read and write it, there or not', async () => {
    const memory = await openFilled()
    const adding = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 5; i++) await add(memory, counter)
    })
    await Promise.all(adding)
    expect(await counter.read(memory)).toBe(40)
  })

  it('stays as a transaction read it until that ends, whoever writes outside of transactions', async () => {
    const url = await emptyUrl()
    const memory = await openFilled(url)
    const other = await openPostgresScratch({}, url)
    for (const before of [undefined, 7]) {
      let outside: Promise<unknown> | undefined
      await memory.transaction(async tx => {
        if (before === undefined) expect((await counter.read(tx)) || undefined).toBeUndefined()
        else expect(await counter.read(tx)).toBe(before)
        outside = other.transaction(async late => counter.write(late, 7))
        await awaited(tx)
        await counter.write(tx, 1)
        expect(await counter.read(tx)).toBe(1)
      })
      await outside
      expect(await counter.read(memory)).toBe(7)
    }
  })
})

it('lets one of two transactions go that each read two keys and write one of them', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  await memory.kv.storeMany(['ada', 'bea'].map(key => ({ key, value: 'on call' })))
  const leave = async (tx: Transaction, who: string) => {
    const states = await tx.kv.retrieveMany(who === 'ada' ? ['ada', 'bea'] : ['bea', 'ada'])
    const others = [...states].filter(([name, state]) => name !== who && state === 'on call')
    if (others.length > 0) await tx.store(who, 'away')
  }
  let other: Promise<void> | undefined
  await memory.transaction(async tx => {
    await leave(tx, 'ada')
    other = openPostgresScratch({}, url).then(second => second.transaction(late => leave(late, 'bea')))
    await awaited(tx)
  })
  await other
  expect(await memory.kv.retrieveMany(['ada', 'bea'])).toEqual(
    new Map([
      ['ada', 'away'],
      ['bea', 'on call'],
    ]),
  )
})

it('tells one of two transactions that wait for each other that it is in the way, and stores the other', async () => {
  const memory = await openPostgresScratch()
  let bothBegun = 0
  const add = (first: string, second: string) =>
    memory.transaction(async tx => {
      await tx.retrieve(first)
      bothBegun++
      while (bothBegun < 2) await tx.query('select 1')
      await tx.store(second, Number((await tx.retrieve(second)) ?? 0) + 1)
    })
  const ended = await Promise.allSettled([add('a', 'b'), add('b', 'a')])
  const refused = ended.flatMap(one => (one.status === 'rejected' ? [one.reason] : []))
  expect(refused).toEqual([expect.any(Busy)])
  expect(await memory.search('*')).toHaveLength(1)
})

it('gives nobody a task that a transaction has read, until that ends', async () => {
  const url = await emptyUrl()
  const memory = await openPostgresScratch({}, url)
  const other = await openPostgresScratch({}, url)
  const { id } = await memory.tasks.create({ description: 'a task' })
  await memory.transaction(async tx => {
    expect(await tx.tasks.get(id)).toMatchObject({ status: 'pending' })
    expect(await other.tasks.claim({ agentId: 'a' })).toEqual([])
    await tx.tasks.cancel(id)
  })
  expect(await memory.tasks.get(id)).toMatchObject({ status: 'cancelled' })
})

it('leaves nothing of records that a transaction looked for in vain', async () => {
  const memory = await openPostgresScratch()
  const rowsOf = (...tables: string[]) =>
    Promise.all(tables.map(table => memory.query(`select * from ${table} order by 1`)))
  const rows = () =>
    rowsOf(
      ...['memory_store', 'agents', 'agent_memory', 'sessions', 'patterns', 'workflow_state', 'tasks'],
      ...['consensus_state', 'hivewax_locks', 'hivewax_find_changes', 'hivewax_counters'],
    )
  const before = await rows()
  await memory.transaction(async tx => {
    for (const { read } of Object.values(counters)) await read(tx)
    await tx.tasks.get('n')
    expect(await tx.locks.get('n')).toBeUndefined()
    expect(await tx.delete('n')).toBe(false)
    expect(await tx.search('*')).toEqual([])
  })
  expect(await rows()).toEqual(before)
  expect(await memory.store('n', 1)).toEqual({ revision: 1 })
  expect(await memory.find('n')).toHaveLength(1)
})
