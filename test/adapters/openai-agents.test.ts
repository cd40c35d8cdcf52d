import {
  Agent,
  type AgentInputItem,
  MemorySession,
  type Model,
  Runner,
  type Session,
} from '@openai/agents-core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HivewaxSession } from '../../src/adapters/openai-agents.ts'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

function user(content: string): AgentInputItem {
  return { type: 'message', role: 'user', content }
}

it('adds items, gives the last of them oldest first, takes the last, and clears', async () => {
  const memory = await openScratch()
  const session = new HivewaxSession(memory, { sessionId: 'talk' })
  expect(await session.getSessionId()).toBe('talk')
  expect([await session.getItems(), await session.popItem()]).toEqual([[], undefined])
  await session.addItems([user('1'), user('2')])
  await session.addItems([])
  await session.addItems([user('3')])
  expect(await session.getItems()).toEqual([user('1'), user('2'), user('3')])
  expect(await session.getItems(2)).toEqual([user('2'), user('3')])
  expect([await session.getItems(0), await session.getItems(-1)]).toEqual([[], []])
  expect(await session.getItems(99)).toHaveLength(3)
  expect(await session.popItem()).toEqual(user('3'))
  expect(await new HivewaxSession(memory, { sessionId: 'talk' }).getItems()).toEqual([user('1'), user('2')])
  expect(await new HivewaxSession(memory).getItems()).toEqual([])
  await session.clearSession()
  expect(await session.getItems()).toEqual([])
  await session.addItems([user('4')])
  expect(await session.getItems()).toEqual([user('4')])
})

it('keeps bytes, and objects that look like its own form of bytes; drops undefined fields', async () => {
  const session = new HivewaxSession(await openScratch(), { sessionId: '#'.repeat(300) })
  const item = {
    type: 'function_call_result',
    callId: '1',
    name: 'shot',
    status: 'completed',
    output: [
      { type: 'image', image: { data: new Uint8Array([0, 255]) } },
      { type: 'text', text: 'x', providerData: { $base64: 'AA==' } },
      { type: 'text', text: 'x', providerData: { $$base64: 'AA==' } },
    ],
  } as unknown as AgentInputItem
  await session.addItems([{ ...item, id: undefined } as AgentInputItem])
  expect(await session.getItems()).toStrictEqual([item])
})

it('loses and doubles nothing when processes add to one session and take from it', async () => {
  const file = scratchFile()
  const session = new HivewaxSession(await openScratch({}, file), { sessionId: 'shared' })
  const adders = ['a', 'b', 'c'].map(name => startChild('session', file, 'shared', name, 20))
  expect(await Promise.all(adders.map(child => child.exited))).toEqual([0, 0, 0])
  const items = await session.getItems()
  const texts = items.map(item => ('content' in item ? String(item.content) : ''))
  const wanted = ['a', 'b', 'c'].flatMap(name => Array.from({ length: 40 }, (_, i) => `${name} ${i}`))
  expect(texts.toSorted()).toEqual(wanted.toSorted())
  for (let i = 0; i < texts.length; i += 2) {
    const [name, number] = texts[i]!.split(' ')
    expect(texts[i + 1]).toBe(`${name} ${Number(number) + 1}`)
  }
  const popped = await Promise.all(Array.from({ length: 30 }, () => session.popItem()))
  expect(popped.map(item => JSON.stringify(item)).toSorted()).toEqual(
    items
      .slice(-30)
      .map(item => JSON.stringify(item))
      .toSorted(),
  )
  expect(await session.getItems()).toEqual(items.slice(0, -30))
})

it('applies a transaction of the history once, and only to the history that it expects', async () => {
  const session = new HivewaxSession(await openScratch())
  const append = {
    operationId: 'op-1',
    transaction: { type: 'append_items' as const, items: [user('1'), user('2')] },
  }
  await session.applyHistoryTransaction(append)
  await session.applyHistoryTransaction(append)
  expect(await session.getItems()).toEqual([user('1'), user('2')])
  const other = { ...append, transaction: { type: 'append_items' as const, items: [user('other')] } }
  await expect(session.applyHistoryTransaction(other)).rejects.toMatchObject({ code: 'conflict' })
  const replace = (operationId: string, expected: AgentInputItem[]) =>
    session.applyHistoryTransaction({
      operationId,
      transaction: {
        type: 'replace_suffix',
        expectedSuffix: expected,
        replacement: [user('two'), user('three')],
      },
    })
  await expect(replace('op-2', [user('1')])).rejects.toMatchObject({ code: 'conflict' })
  await expect(replace('op-2', [user('0'), user('1'), user('2')])).rejects.toMatchObject({ code: 'conflict' })
  await replace('op-2', [user('2')])
  await replace('op-2', [user('2')])
  expect(await session.getItems()).toEqual([user('1'), user('two'), user('three')])
  await expect(replace(' ', [])).rejects.toMatchObject({ code: 'invalid_input' })
})

const call = fc.oneof(
  fc.record({ name: fc.constant('add' as const), items: fc.array(fc.string().map(user), { maxLength: 3 }) }),
  fc.record({ name: fc.constant('pop' as const) }),
  fc.record({ name: fc.constant('clear' as const) }),
  fc.record({
    name: fc.constant('get' as const),
    limit: fc.option(fc.integer({ min: -1, max: 6 }), { nil: undefined }),
  }),
)

it('answers random calls as the session in memory of the SDK does', async () => {
  const memory = await openScratch({ durability: 'normal' })
  const run = async (session: Session, each: typeof call extends fc.Arbitrary<infer T> ? T : never) => {
    if (each.name === 'add') return session.addItems(each.items)
    if (each.name === 'pop') return session.popItem()
    return each.name === 'clear' ? session.clearSession() : session.getItems(each.limit)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 20 }), async calls => {
      const [ours, theirs] = [new HivewaxSession(memory), new MemorySession()]
      for (const each of calls) expect(await run(ours, each)).toEqual(await run(theirs, each))
    }),
    { numRuns: 60 },
  )
})

it('serves as the session of a runner, over two runs', async () => {
  const seen: number[] = []
  const model: Model = {
    getResponse: async ({ input }) => {
      seen.push(Array.isArray(input) ? input.length : 1)
      return {
        usage: {
          inputTokens: 1,
          outputTokens: 1,
          totalTokens: 2,
          requests: 1,
          inputTokensDetails: [],
          outputTokensDetails: [],
        } as never,
        output: [
          {
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: `answer ${seen.length}` }],
          },
        ],
      }
    },
    getStreamedResponse: () => {
      throw new Error('not streamed')
    },
  }
  const memory = await openScratch()
  const agent = new Agent({ name: 'assistant', model })
  const runner = new Runner({ tracingDisabled: true })
  for (const question of ['one', 'two']) {
    await runner.run(agent, question, { session: new HivewaxSession(memory, { sessionId: 'talk' }) })
  }
  expect(seen).toEqual([1, 3])
  expect(await new HivewaxSession(memory, { sessionId: 'talk' }).getItems()).toMatchObject([
    { role: 'user', content: 'one' },
    { role: 'assistant', content: [{ text: 'answer 1' }] },
    { role: 'user', content: 'two' },
    { role: 'assistant', content: [{ text: 'answer 2' }] },
  ])
})
