import { generateText, isStepCount, type ToolSet } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, it } from 'vitest'
import { hivewaxTools } from '../../src/adapters/ai-sdk.ts'
import { openScratch } from '../support/memory.ts'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}

/** A model that makes these calls, one in each step, and then says `done`. */
function scripted(calls: readonly [tool: string, input: unknown][]): MockLanguageModelV4 {
  const steps = calls.map(([toolName, input], i) => ({
    content: [
      { type: 'tool-call' as const, toolCallId: `call-${i}`, toolName, input: JSON.stringify(input) },
    ],
    finishReason: { unified: 'tool-calls' as const, raw: undefined },
    usage,
    warnings: [],
  }))
  const done = {
    content: [{ type: 'text' as const, text: 'done' }],
    finishReason: { unified: 'stop' as const, raw: undefined },
    usage,
    warnings: [],
  }
  return new MockLanguageModelV4({ doGenerate: [...steps, done] })
}

/** What the tools answered to a model that makes these calls. */
async function answers(tools: ToolSet, calls: readonly [tool: string, input: unknown][]): Promise<unknown[]> {
  const { steps, text } = await generateText({
    model: scripted(calls),
    tools,
    prompt: 'go',
    stopWhen: isStepCount(calls.length + 1),
  })
  expect(text).toBe('done')
  return steps.flatMap(step =>
    step.content.flatMap(part => {
      if (part.type === 'tool-result') return [part.output]
      return part.type === 'tool-error' ? [String(part.error)] : []
    }),
  )
}

it('lets a model remember, find, recall and forget, and another model share it', async () => {
  const memory = await openScratch()
  const one = await answers(hivewaxTools(memory), [
    ['remember', { key: 'deploy/steps', value: 'Run the migrations, then restart the workers.' }],
    ['remember', { key: 'colors', value: { primary: 'teal' } }],
    ['recall', { key: 'colors' }],
    ['recall', { key: 'none' }],
  ])
  expect(one).toMatchObject([
    { key: 'deploy/steps', revision: 1 },
    { key: 'colors', revision: 1 },
    { key: 'colors', value: { primary: 'teal' }, updatedAt: expect.stringMatching(/Z$/) },
    { key: 'none', found: false },
  ])
  const two = await answers(hivewaxTools(memory), [
    ['find', { text: 'how to restart a worker?' }],
    ['forget', { key: 'deploy/steps' }],
    ['forget', { key: 'deploy/steps' }],
    ['find', { text: 'restart' }],
  ])
  expect(two).toMatchObject([
    [{ key: 'deploy/steps', snippet: expect.stringContaining('«restart»') }],
    { forgotten: true },
    { forgotten: false },
    [],
  ])
})

it('keeps a model to its namespace, and shows it the beginning of what is long', async () => {
  const memory = await openScratch()
  await memory.store('secret', 'of somebody else')
  const tools = hivewaxTools(memory, { namespace: 'mine', maxCharacters: 10 })
  const [secret, found, , long] = await answers(tools, [
    ['recall', { key: 'secret' }],
    ['find', { text: 'secret' }],
    ['remember', { key: 'long', value: 'x'.repeat(100) }],
    ['recall', { key: 'long' }],
  ])
  expect([secret, found]).toEqual([{ key: 'secret', found: false }, []])
  expect(long).toMatchObject({ value: '"xxxxxxxxx', cut: 92 })
})

it('tells a model what was wrong', async () => {
  const tools = hivewaxTools(await openScratch())
  const refused = await answers(tools, [
    ['remember', { key: '', value: 1 }],
    ['find', { text: 'x', limit: 5000 }],
  ])
  expect(refused).toEqual([
    expect.stringContaining('key must not be empty'),
    expect.stringMatching(/InvalidInput.*limit/),
  ])
})
