import fs from 'node:fs'
import path from 'node:path'
import { BetaLocalFilesystemMemoryTool, betaMemoryTool } from '@anthropic-ai/sdk/tools/memory/node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HivewaxMemoryTool, type MemoryCommand } from '../../src/adapters/memory-tool.ts'
import { HivewaxError } from '../../src/errors.ts'
import { startChild } from '../support/child.ts'
import { openScratch, scratchFile, scratchFolder } from '../support/memory.ts'

interface Tool {
  execute(command: MemoryCommand): Promise<string>
}

async function answer(tool: Tool, command: MemoryCommand): Promise<string> {
  try {
    return await tool.execute(command)
  } catch (error) {
    if (tool instanceof HivewaxMemoryTool) expect(error).toBeInstanceOf(HivewaxError)
    return `Error: ${(error as Error).message}`
  }
}

function folders(root: string): string[] {
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => path.join(entry.parentPath, entry.name))
}

/**
 * The SDK's own tool in a folder of its own, but for two things: a rename that fails leaves no folders behind, and
 * the size of a folder is what a small one has on most file systems.
 */
async function reference(): Promise<Tool> {
  const base = scratchFolder()
  const tool = betaMemoryTool(await BetaLocalFilesystemMemoryTool.init(base))
  return {
    async execute(command) {
      const before = new Set(folders(base))
      try {
        return sameSizes(String(await tool.run(command)))
      } catch (error) {
        for (const made of folders(base).reverse()) if (!before.has(made)) fs.rmdirSync(made)
        throw new Error((error as Error).message.replaceAll(base, ''))
      }
    },
  }
}

function sameSizes(text: string): string {
  if (!text.startsWith("Here're")) return text
  const [title, own, ...items] = text.split('\n')
  return [title, own, ...items]
    .map((line, i) => (i === 1 || line?.endsWith('/') ? line?.replace(/^\S+/, '4K') : line))
    .join('\n')
}

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom('a.md', '.hidden', 'node_modules', 'ä', 'B c') },
)
const inside = fc.array(name, { minLength: 1, maxLength: 4 }).map(parts => ['/memories', ...parts].join('/'))
const odd = fc.constantFrom(
  ...[
    '/memories',
    '/memories/',
    '/memories//a',
    '/memories/a/',
    '/memoriesa',
    '/memories/./a/../b',
    '/memories/..',
  ],
  ...[
    '/memories/../memories/a',
    '/etc/passwd',
    '',
    '/memories/../../memories/a',
    '/memories/a/../../x',
    'memories/a',
  ],
)
const somePath = fc.oneof({ weight: 16, arbitrary: inside }, { weight: 1, arbitrary: odd })
const word = fc.constantFrom('', 'a', 'ab', 'x', 'a\nx', '$&', 'ü', '\ud800', '\r', 'long '.repeat(300))
const text = fc
  .array(word, { maxLength: 3 })
  .chain(words => fc.constantFrom(words.join('\n'), words.join(' ')))
const line = fc.integer({ min: -1, max: 4 })

const command: fc.Arbitrary<MemoryCommand> = fc.oneof(
  fc.record(
    { command: fc.constant('view' as const), path: somePath, view_range: fc.array(line, { maxLength: 3 }) },
    { requiredKeys: ['command', 'path'] },
  ),
  fc.record({ command: fc.constant('create' as const), path: somePath, file_text: text }),
  fc.record({ command: fc.constant('create' as const), path: somePath, file_text: text }),
  fc.record({ command: fc.constant('str_replace' as const), path: somePath, old_str: word, new_str: word }),
  fc.record({
    command: fc.constant('insert' as const),
    path: somePath,
    insert_line: line,
    insert_text: text,
  }),
  fc.record({ command: fc.constant('delete' as const), path: somePath }),
  fc.record({ command: fc.constant('rename' as const), old_path: somePath, new_path: somePath }),
)

it('answers as the tool of the SDK does, word by word, on thousands of random commands', {
  timeout: 300_000,
}, async () => {
  const memory = await openScratch({ durability: 'normal' })
  let count = 0
  let successes = 0
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 40, maxLength: 60 }), async commands => {
      await memory.clearNamespace('memories')
      const ours = new HivewaxMemoryTool(memory)
      const theirs = await reference()
      for (const each of commands) {
        const expected = await answer(theirs, each)
        expect({ each, answer: await answer(ours, each) }).toEqual({ each, answer: expected })
        const isChange = each.command !== 'view' && !expected.startsWith('Error')
        for (const path of isChange ? ['/memories', '/memories/a'] : []) {
          const view: MemoryCommand = { command: 'view', path }
          expect({ each, view: await answer(ours, view) }).toEqual({ each, view: await answer(theirs, view) })
        }
        count++
        if (!expected.startsWith('Error')) successes++
      }
    }),
    { numRuns: 90 },
  )
  expect(count).toBeGreaterThanOrEqual(4_000)
  expect(successes).toBeGreaterThan(count / 5)
})

it('loses no edit of four processes that write one file', async () => {
  const file = scratchFile()
  const memory = await openScratch({}, file)
  const tool = new HivewaxMemoryTool(memory)
  await tool.create({ command: 'create', path: '/memories/log.md', file_text: 'start' })
  const writers = ['a', 'b', 'c', 'd'].map(name => startChild('memory-tool', file, name, 25))
  expect(await Promise.all(writers.map(child => child.exited))).toEqual([0, 0, 0, 0])
  const lines = String(await memory.retrieve('log.md', { namespace: 'memories' })).split('\n')
  const wanted = ['a', 'b', 'c', 'd'].flatMap(name => Array.from({ length: 25 }, (_, i) => `${name} ${i}`))
  expect(lines.toSorted()).toEqual(['start', ...wanted].toSorted())
})

it('lets one of two creators of a file have it, and tells the other', async () => {
  const memory = await openScratch()
  const tool = new HivewaxMemoryTool(memory)
  const create = () => tool.create({ command: 'create', path: '/memories/plan.md', file_text: 'mine' })
  const outcomes = await Promise.allSettled([create(), create()])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'conflict', message: 'File /memories/plan.md already exists' },
  })
})

it('refuses what is no command, naming the field', async () => {
  const tool = new HivewaxMemoryTool(await openScratch())
  const refusals = [
    [undefined, 'a command of the memory tool is an object, got undefined'],
    [{ command: 'chmod' }, 'command must be one of'],
    [{ command: 'view' }, 'view: path must be a string, got undefined'],
    [{ command: 'insert', path: '/memories/a', insert_line: '1', insert_text: '' }, 'insert_line must be'],
    [{ command: 'view', path: '/memories', view_range: ['1'] }, 'view_range must be a whole number'],
  ] as const
  for (const [command, message] of refusals) {
    await expect(tool.execute(command)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(message),
    })
  }
})

it('shows and edits what was stored without the tool', async () => {
  const memory = await openScratch()
  const tool = new HivewaxMemoryTool(memory)
  await memory.store('team/roster', { lead: 'ada' }, { namespace: 'memories', metadata: { by: 'hand' } })
  const path = '/memories/team/roster'
  expect(await tool.view({ command: 'view', path })).toContain('     2\t  "lead": "ada"')
  await tool.str_replace({ command: 'str_replace', path, old_str: 'ada', new_str: 'bo' })
  expect(await memory.kv.get('team/roster', { namespace: 'memories' })).toMatchObject({
    value: '{\n  "lead": "bo"\n}',
    metadata: { by: 'hand' },
  })
})
