import { expect, it } from 'vitest'
import { scratchFolder } from '../support/memory.ts'
import { eras, overStdio } from './support.ts'

for (const era of eras) {
  it(`answers the tools of claude-flow: ${era}`, async () => {
    const client = await overStdio(era, scratchFolder(), '--compat', 'claude-flow')
    const use = async (name: string, args: Record<string, unknown> = {}) => {
      const { content, isError } = await client.callTool({ name, arguments: args })
      const reply = JSON.parse((content[0] as { text: string }).text)
      expect(isError).toBeFalsy()
      return reply
    }
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([
      'memory_store',
      'memory_retrieve',
      'memory_search',
      'memory_list',
      'memory_delete',
      'memory_stats',
      'memory_usage',
    ])
    const stored = await use('memory_store', {
      key: 'user_1',
      value: { name: 'Ann' },
      tags: ['people'],
      ttl: 60,
    })
    expect(stored).toMatchObject({ success: true, stored: true, key: 'user_1', namespace: 'default' })
    const found = await use('memory_retrieve', { key: 'user_1' })
    expect(found).toMatchObject({ found: true, value: { name: 'Ann' }, metadata: { tags: ['people'] } })
    expect(await use('memory_retrieve', { key: 'none' })).toMatchObject({ found: false, value: null })
    await use('memory_usage', {
      action: 'store',
      key: 'plan(1)',
      value: 'retry with jitter',
      namespace: 'work',
    })
    expect(
      await use('memory_usage', { action: 'retrieve', key: 'plan(1)', namespace: 'work' }),
    ).toMatchObject({ value: 'retry with jitter' })
    expect((await use('memory_search', { query: 'retries' })).results).toMatchObject([{ key: 'plan(1)' }])
    expect((await use('memory_search', { pattern: 'user_*' })).results).toMatchObject([{ key: 'user_1' }])
    expect((await use('memory_search', { query: 'lan(' })).results).toMatchObject([{ key: 'plan(1)' }])
    expect((await use('memory_usage', { action: 'search', value: 'user' })).results).toMatchObject([
      { key: 'user_1' },
    ])
    expect(await use('memory_list')).toMatchObject({
      total: 2,
      entries: [{ key: 'user_1' }, { key: 'plan(1)' }],
    })
    expect(await use('memory_list', { limit: 1, offset: 1 })).toMatchObject({
      total: 2,
      entries: [{ key: 'plan(1)' }],
    })
    expect(await use('memory_stats')).toMatchObject({ totalEntries: 2, namespaces: { default: 1, work: 1 } })
    expect(await use('memory_delete', { key: 'user_1' })).toMatchObject({ deleted: true })
    expect(await use('memory_delete', { key: 'user_1' })).toMatchObject({ deleted: false })
    const refused = await client.callTool({ name: 'memory_usage', arguments: { action: 'explode' } })
    expect(refused).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^invalid_input: /) }],
    })
  })
}

it.each(eras)("answers Anthropic's memory tool, word for word: %s", async era => {
  const client = await overStdio(era, scratchFolder(), '--compat', 'memory-tool')
  const use = async (args: Record<string, unknown>) => {
    const { content, isError } = await client.callTool({ name: 'memory', arguments: args })
    return [(content[0] as { text: string }).text, isError ?? false]
  }
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['memory'])
  const path = '/memories/notes.txt'
  expect(await use({ command: 'create', path, file_text: 'one\ntwo' })).toEqual([
    `File created successfully at: ${path}`,
    false,
  ])
  expect(await use({ command: 'create', path, file_text: 'x' })).toEqual([
    `File ${path} already exists`,
    true,
  ])
  expect((await use({ command: 'view', path }))[0]).toContain('     2\ttwo')
  expect(await use({ command: 'fly' })).toEqual([expect.stringContaining('command'), true])
})
