import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeTools } from '../../src/mcp/describe-tools.ts'
import { instructions } from '../../src/mcp/instructions.ts'
import { tools } from '../../src/mcp/tools.ts'
import { inputSchema } from '../../src/schemas.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { ask, eras, overHttp, overStdio } from './support.ts'

describe('the list of tools', () => {
  it('is pinned: descriptions are static, whatever is stored', () => {
    expect(describeTools(z)).toMatchSnapshot()
  })

  it('keeps reads, writes and what destroys apart', () => {
    for (const { name, effect, operations } of tools) {
      const effects = new Set(operations.map(operation => operation.effect))
      if (effect === 'read')
        expect([name, ...effects]).toEqual(operations.length > 0 ? [name, 'read'] : [name])
      else expect([...effects]).not.toContain('read')
      if (effect === 'write') expect([...effects]).toEqual(['write'])
    }
  })

  it('names every field that an operation needs', () => {
    const listed = new Map(describeTools(z).map(tool => [tool.name, tool.inputSchema.properties ?? {}]))
    for (const tool of tools) {
      for (const operation of tool.operations) {
        const { required = [] } = inputSchema(z, operation)
        expect(Object.keys(listed.get(tool.name) ?? {}), operation.name).toEqual(
          expect.arrayContaining([...required]),
        )
      }
    }
  })

  it('offers no operation that needs more than the memory: no SQL, no files, no upkeep', () => {
    const permissions = tools.flatMap(({ operations }) => operations.map(({ permission }) => permission))
    expect(new Set(permissions)).not.toContain('admin')
    expect(new Set(permissions)).not.toContain('sql:read')
    expect(new Set(permissions)).not.toContain('backup')
  })

  it('comes with instructions of less than 2 KB', () => {
    expect(Buffer.byteLength(instructions)).toBeLessThan(2048)
  })

  for (const era of eras) {
    it(`takes less than 10,000 bytes as it is sent: ${era}`, async () => {
      const memory = await openScratch()
      const client = await overHttp(era, memory)
      const bytes: number[] = []
      const { transport } = client
      if (transport === undefined) throw new Error('not connected')
      const receive = transport.onmessage
      transport.onmessage = (message, extra) => {
        bytes.push(Buffer.byteLength(JSON.stringify(message)))
        receive?.(message, extra)
      }
      const { tools: listed } = await client.listTools()
      expect(listed).toHaveLength(12)
      expect(listed.every(({ title }) => title)).toBe(true)
      for (const { annotations } of listed) {
        expect(Object.keys(annotations ?? {})).toEqual(
          expect.arrayContaining(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']),
        )
        expect(annotations?.openWorldHint).toBe(false)
      }
      expect(Math.max(...bytes)).toBeLessThan(10_000)
    })
  }
})

const connections = {
  stdio: async (era: (typeof eras)[number]) => overStdio(era, scratchFolder(), '--agent', 'coder-1'),
  http: async (era: (typeof eras)[number]) => {
    const memory = await openScratch()
    return overHttp(era, memory.as('coder-1'), {
      principal: 'tests',
      permissions: ['admin'],
      agentId: 'coder-1',
    })
  },
}

for (const [name, connect] of Object.entries(connections)) {
  for (const era of eras) {
    describe(`a client over ${name}, ${era}`, () => {
      it('drives every tool', async () => {
        const client = await connect(era)
        const used = new Set<string>()
        const use = async (tool: string, args: Record<string, unknown> = {}) => {
          used.add(tool)
          const answer = await ask(client, tool, args)
          expect(answer.error, JSON.stringify({ tool, args })).toBeUndefined()
          return answer
        }
        const { data: stored } = await use('remember', {
          key: 'auth/plan',
          value: { step: 'sessions' },
          ttl: 3600,
        })
        expect(stored.revision).toBeGreaterThan(0)
        await use('remember', {
          records: [
            { key: 'a', value: 1 },
            { key: 'b', value: 2, namespace: 'other' },
          ],
        })
        const { data: record, notice } = await use('recall', { key: 'auth/plan' })
        expect(record).toMatchObject({ value: { step: 'sessions' }, author: { agent: 'coder-1' } })
        expect(record.revision).toBe(stored.revision)
        expect(notice).toContain('not instructions')
        expect((await use('recall', { keys: ['a', 'none'] })).data).toEqual({ a: 1 })
        expect((await use('recall', { glob: 'auth/*' })).data).toHaveLength(1)
        expect((await use('recall', { text: 'sessions' })).data[0]).toMatchObject({
          in: 'memory',
          key: 'auth/plan',
        })
        expect((await use('recall')).data.map((each: { namespace: string }) => each.namespace)).toEqual([
          'default',
          'other',
        ])
        expect((await use('recall', { namespace: 'other' })).data).toMatchObject([{ key: 'b' }])
        await use('remember', { agentId: 'coder-1', key: 'mood', value: 'calm' })
        expect((await use('recall', { agentId: 'coder-1', key: 'mood' })).data).toMatchObject({
          value: 'calm',
        })

        const { data: late } = await ask(client, 'remember', { key: 'a', value: 3, expectedRevision: 99 })
        expect(late).toBeUndefined()

        await use('tasks_write', { action: 'create', id: 't1', description: 'write the tests' })
        const { data: claims } = await use('tasks_write', { action: 'claim' })
        expect(claims).toMatchObject([{ id: 't1', token: expect.any(Number), assignedTo: 'coder-1' }])
        const stale = await ask(client, 'tasks_write', {
          action: 'complete',
          id: 't1',
          token: claims[0].token + 1,
        })
        expect(stale).toMatchObject({ isError: true, error: { code: 'stale_token', retryable: false } })
        await use('tasks_write', { action: 'complete', id: 't1', token: claims[0].token, result: 'done' })
        expect((await use('tasks_read', { status: 'completed' })).data).toMatchObject([{ id: 't1' }])
        expect((await use('tasks_read', { action: 'get', id: 't1' })).data).toMatchObject({ result: 'done' })
        expect((await use('tasks_read', { action: 'counts' })).data).toMatchObject({ completed: 1 })

        expect((await use('state_write', { key: 'stage', value: 'build' })).data).toMatchObject({
          version: 1,
        })
        const lost = await ask(client, 'state_write', { key: 'stage', value: 'x', expectedVersion: 0 })
        expect(lost).toMatchObject({ isError: true, error: { code: 'conflict' } })
        expect((await use('state_read')).data).toMatchObject([{ key: 'stage', updatedBy: 'coder-1' }])
        const { data: session } = await use('state_write', { action: 'sessions.create', data: { open: 1 } })
        expect((await use('state_read', { action: 'sessions.get', id: session })).data).toMatchObject({
          data: { open: 1 },
        })

        await use('swarm_write', { action: 'agents.register', id: 'coder-1', type: 'coder' })
        const { data: lock } = await use('swarm_write', { action: 'locks.acquire', name: 'deploy' })
        expect(lock.token).toBeGreaterThan(0)
        expect((await use('swarm_read', { action: 'locks.get', name: 'deploy' })).data).toMatchObject({
          owner: 'coder-1',
        })
        expect((await use('swarm_read')).data).toMatchObject([{ id: 'coder-1', alive: true }])

        await use('log_write', { type: 'decision', data: { why: 'fewer parts' } })
        expect((await use('log_read', { types: ['decision'] })).data).toMatchObject([{ source: 'coder-1' }])
        await use('log_write', { action: 'metrics.record', name: 'builds', value: 1 })
        expect((await use('log_read', { action: 'maintenance.stats' })).data.tableCount).toBeGreaterThan(11)

        const { text: brief } = await use('briefing')
        expect(brief).toContain('decision by "coder-1": {"why":"fewer parts"}')
        expect(brief).toContain('- "stage" = ')

        expect((await use('forget', { key: 'auth/plan' })).data).toBe(true)
        await use('forget', { action: 'shared.delete', key: 'stage' })
        expect((await use('recall', { key: 'auth/plan' })).data).toBeNull()
        expect([...used].sort()).toEqual(tools.map(tool => tool.name).sort())
      })

      it('reads resources, and gets prompts', async () => {
        const client = await connect(era)
        await ask(client, 'remember', { key: 'docs/a b', value: 'text' })
        const { resources } = await client.listResources()
        for (const { uri } of resources) {
          const { contents } = await client.readResource({ uri })
          expect(JSON.parse((contents[0] as { text: string }).text)).toHaveProperty('data')
        }
        const { resourceTemplates } = await client.listResourceTemplates()
        expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toContain(
          'hivewax://memory/{namespace}/{key}',
        )
        const { contents } = await client.readResource({ uri: 'hivewax://memory/default/docs%2Fa%20b' })
        expect(JSON.parse((contents[0] as { text: string }).text)).toMatchObject({ data: { value: 'text' } })
        await expect(client.readResource({ uri: 'hivewax://memory/default/none' })).rejects.toThrow(
          'not found',
        )
        await expect(client.readResource({ uri: 'hivewax://memory/%E0%A4%A/x' })).rejects.toThrow('not found')
        const { prompts } = await client.listPrompts()
        expect(prompts.map(({ name }) => name)).toEqual(['start', 'hand_over', 'finish'])
        const { messages } = await client.getPrompt({ name: 'start', arguments: { focus: 'auth' } })
        expect(JSON.stringify(messages)).toContain('<hivewax-data>')
        const handOver = await client.getPrompt({
          name: 'hand_over',
          arguments: { task: 't1', to: 'coder-2' },
        })
        expect(JSON.stringify(handOver)).toContain('release')
      })

      it('answers nonsense with an error that says what to do, and goes on', async () => {
        const client = await connect(era)
        await expect(client.callTool({ name: 'nothing', arguments: {} })).rejects.toThrow('there is no tool')
        const unknown = await ask(client, 'tasks_write', { action: 'explode' })
        expect(unknown).toMatchObject({ isError: true, error: { code: 'invalid_input' } })
        expect(unknown.text).toContain('claim')
        const extra = await ask(client, 'remember', { key: 'a', value: 1, colour: 'red' })
        expect(extra.text).toContain('colour')
        expect(extra.error.hint).toContain(
          'It has expectedRevision, expiresAt, ifAbsent, key, metadata, namespace',
        )
        expect(await ask(client, 'recall', { key: 'x\0' })).toMatchObject({
          error: { code: 'invalid_input' },
        })
        expect(await ask(client, 'recall', { maxTokens: 1 })).toMatchObject({
          error: { code: 'invalid_input' },
        })
        expect(await ask(client, 'remember', { key: 'a', value: 'fine' })).toMatchObject({ isError: false })
      })
    })
  }
}
