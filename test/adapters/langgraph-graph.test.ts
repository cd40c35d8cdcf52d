import {
  Annotation,
  type BaseCheckpointSaver,
  END,
  MemorySaver,
  START,
  StateGraph,
} from '@langchain/langgraph'
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint'
import { expect, it } from 'vitest'
import { HivewaxSaver, HivewaxStore } from '../../src/adapters/langgraph.ts'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it('goes on with a graph in other processes after one was killed in the middle of it', async () => {
  const file = scratchFile()
  const first = startChild('langgraph', file, 'thread-1', 'hang')
  await first.until(line => line === 'working')
  first.process.kill('SIGKILL')
  await first.exited
  expect(first.lines).toEqual(['planned', 'working'])

  const second = startChild('langgraph', file, 'thread-1', 'resume')
  expect(await second.exited).toBe(0)
  expect(second.lines[0]).toBe('working')
  expect(JSON.parse(second.lines[1] ?? '')).toMatchObject({
    steps: ['plan', 'work'],
    __interrupt__: [{ value: 'go on?' }],
  })

  const third = startChild('langgraph', file, 'thread-1', 'answer', 'yes')
  expect(await third.exited).toBe(0)
  expect(third.lines.map(line => JSON.parse(line))).toEqual([{ steps: ['plan', 'work', 'human: yes'] }])

  const store = new HivewaxStore(await openScratch({}, file))
  expect(await store.get(['plans', 'thread-1'], 'latest')).toMatchObject({ value: { by: first.process.pid } })
})

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Values of all checkpoints of a thread, newest first, after a run, two branches from its past and a copy. */
async function history(checkpointer: BaseCheckpointSaver): Promise<unknown[]> {
  const State = Annotation.Root({
    count: Annotation<number>(),
    log: Annotation<string[]>({ reducer: (before, added) => [...before, ...added], default: () => [] }),
  })
  const graph = new StateGraph(State)
    .addNode('one', ({ count }) => ({ count: count + 1, log: [`one ${count}`] }))
    .addNode('two', ({ count }) => ({ log: [`two ${count}`] }))
    .addEdge(START, 'one')
    .addEdge('one', 'two')
    .addEdge('two', END)
    .compile({ checkpointer })
  const config = { configurable: { thread_id: 'forked' } }
  await graph.invoke({ count: 1 }, config)
  const past = await collect(graph.getStateHistory(config))
  const afterOne = past.find(({ next }) => next[0] === 'two')!.config
  for (const count of [10, 20]) {
    const branch = await graph.updateState(afterOne, { count, log: [`set ${count}`] }, 'one')
    await graph.invoke(null, branch)
  }
  await graph.updateState(afterOne, null, '__copy__')
  const states = await collect(graph.getStateHistory(config))
  return states.map(({ values, next, metadata }) => ({
    values,
    next,
    source: metadata?.source,
    step: metadata?.step,
  }))
}

it('keeps the branches of a thread apart, as a saver in memory does', async () => {
  const expected = await history(new MemorySaver())
  expect(expected.length).toBeGreaterThan(7)
  expect(await history(new HivewaxSaver(await openScratch()))).toEqual(expected)
})

it('keeps a state that holds more than text: bytes, maps, sets, dates and odd thread ids', async () => {
  const memory = await openScratch()
  const saver = new HivewaxSaver(memory)
  const values = {
    bytes: new Uint8Array([0, 255]),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    big: 'x'.repeat(2 ** 21),
  }
  for (const thread_id of ['a/b*', '#'.repeat(300), '\ud800', '__proto__', 'ä'.repeat(100)]) {
    const checkpoint = {
      ...emptyCheckpoint(),
      channel_values: values,
      channel_versions: { bytes: 1, map: 1, set: 1, big: 1 },
    }
    const metadata = { source: 'input', step: -1, parents: {} } as const
    const config = await saver.put(
      { configurable: { thread_id } },
      checkpoint,
      metadata,
      checkpoint.channel_versions,
    )
    expect(config.configurable?.thread_id).toBe(thread_id)
    expect((await saver.getTuple({ configurable: { thread_id } }))?.checkpoint.channel_values).toEqual(values)
    await saver.deleteThread(thread_id)
    expect(await saver.getTuple(config)).toBeUndefined()
  }
  expect((await memory.kv.namespaces()).items).toEqual([])
})

it('names the field that is wrong', async () => {
  const saver = new HivewaxSaver(await openScratch())
  const metadata = { source: 'input', step: -1, parents: {} } as const
  await expect(saver.put({}, emptyCheckpoint(), metadata, {})).rejects.toMatchObject({
    code: 'invalid_input',
    message: 'configurable.thread_id must be a string that is not empty, got undefined',
  })
  const config = { configurable: { thread_id: 't', checkpoint_id: '../x' } }
  await expect(saver.getTuple(config)).rejects.toThrow('checkpoint_id must be up to 100 letters')
})

it('keeps the writes of all who write for one task at the same time, the first of each, the last of special ones', async () => {
  const memory = await openScratch()
  const savers = Array.from({ length: 8 }, () => new HivewaxSaver(memory))
  const config = { configurable: { thread_id: 't', checkpoint_ns: '', checkpoint_id: '1' } }
  const checkpoint = { ...emptyCheckpoint(), id: '1' }
  await savers[0]!.put(
    { configurable: { thread_id: 't' } },
    checkpoint,
    { source: 'input', step: -1, parents: {} },
    {},
  )
  await Promise.all(savers.map((saver, i) => saver.putWrites(config, [['a', i]], `task ${i % 2}`)))
  await savers[0]!.putWrites(
    config,
    [
      ['a', 'late'],
      ['b', 'second'],
    ],
    'task 0',
  )
  for (const message of ['one', 'two']) await savers[0]!.putWrites(config, [['__error__', message]], 'task 1')
  const writes = (await savers[1]!.getTuple(config))?.pendingWrites
  expect(writes?.map(([task, channel]) => `${task} ${channel}`)).toEqual([
    ...['task 0 a', 'task 0 b', 'task 1 __error__', 'task 1 a'],
  ])
  expect(writes?.[1]).toEqual(['task 0', 'b', 'second'])
  expect(writes?.[2]).toEqual(['task 1', '__error__', 'two'])
  expect([0, 2, 4, 6]).toContain(writes?.[0]?.[2])
})
