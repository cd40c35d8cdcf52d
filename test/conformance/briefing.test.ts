import os from 'node:os'
import { expect, it } from 'vitest'
import type { Briefing, SectionName } from '../../src/index.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

/** Who writes where no agent acts. */
const login = os.userInfo().username

const linesOf = ({ sections }: Briefing, name: SectionName) =>
  sections.find(section => section.name === name)?.lines ?? []

conform('briefing', open => {
  it('has nothing to tell of an empty memory', async () => {
    const memory = await open({})
    expect(await memory.briefing()).toEqual({ agentId: undefined, sections: [] })
  })

  it('gives the agent what it takes to complete what it holds, and nobody else', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.tasks.create({ id: 'parse', description: 'Write the parser' })
    await memory.as('ada').tasks.claim({ leaseMs: 600_000 })
    const own = await memory.as('ada').briefing()
    expect(own.agentId).toBe('ada')
    expect(linesOf(own, 'claims')).toEqual([
      '"parse" "Write the parser" (token 1, yours until 2026-01-02T03:14Z)',
    ])
    expect(linesOf(own, 'tasks')).toEqual([])
    for (const briefing of [await memory.as('bob').briefing(), await memory.briefing({ agentId: 'ada' })]) {
      expect(linesOf(briefing, 'claims')).toEqual([])
      expect(JSON.stringify(briefing)).not.toContain('token')
    }
    expect(linesOf(await memory.as('bob').briefing(), 'tasks')).toEqual([
      '"parse" "Write the parser" (medium, running by "ada")',
    ])
  })

  it('tells first of tasks that were left or failed, then what runs, then what waits, the urgent first', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const ids = ['left', 'dead', 'runs', 'low', 'high']
    for (const id of ids.slice(0, 3)) {
      await memory.tasks.create({ id, description: id, maxAttempts: id === 'dead' ? 1 : 3 })
      const [task] = await memory.tasks.claim({ agentId: 'ada', leaseMs: id === 'left' ? 1_000 : 60_000 })
      if (task?.id === 'dead') await memory.tasks.fail({ ...task, error: new Error('no disk') })
    }
    clock.advance(2_000)
    await memory.tasks.create({ id: 'low', description: 'low', priority: 'low' })
    await memory.tasks.create({ id: 'high', description: 'high', priority: 'high' })
    const { sections } = await memory.briefing()
    const [tasks] = sections
    expect(tasks?.title).toBe('Tasks (1 running, 1 lapsed, 2 pending, 1 dead)')
    expect(tasks?.lines).toEqual([
      '"left" "left" (medium, left by "ada", free to claim)',
      '"dead" "dead" (medium, dead, last error "no disk")',
      '"runs" "runs" (medium, running by "ada")',
      '"high" "high" (high, waiting)',
      '"low" "low" (low, waiting)',
    ])
  })

  it('tells the latest decisions wherever they were recorded', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const steps: ((memory: Memory) => Promise<unknown>)[] = [
      memory => memory.as('lead').events.log({ type: 'decision', source: 'somebody else', data: 'tabs' }),
      ({ events }) => events.log({ type: 'chatter', source: 'lead', data: 'lunch' }),
      ({ consensus }) => consensus.propose('release', { value: true, voters: ['a'], acceptors: ['a'] }),
      memory => memory.as('ada').store('decision/db', 'SQLite'),
      memory => memory.store('decisions:ui', 'none', { namespace: 'team' }),
      ({ events }) => events.log({ type: 'handover', source: 'ada', data: { next: 'printer' } }),
    ]
    for (const step of steps) {
      clock.advance(60_000)
      await step(memory)
    }
    expect(linesOf(await memory.briefing(), 'decisions')).toEqual([
      `2026-01-02T03:10Z handover by "${login}": {"next":"printer"}`,
      `2026-01-02T03:09Z remembered by "${login}": "decisions:ui" in "team" = "none"`,
      '2026-01-02T03:08Z remembered by "ada": "decision/db" = "SQLite"',
      '2026-01-02T03:07Z agreed: "release" = true',
      '2026-01-02T03:05Z decision by "lead": "tabs"',
    ])
  })

  it('tells what is pinned, what was written last and by whom, and what is new to the agent', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.store('rule', 'small commits', { metadata: { pinned: true } })
    await memory.store('not', 'pinned', { metadata: { pinned: false, note: '"pinned":true' } })
    await memory.store('gone', 1, { metadata: { pinned: true }, ttl: 1 })
    clock.advance(60_000)
    const since = new Date(clock.now())
    clock.advance(60_000)
    await memory.as('ada').store('later', 2)
    const briefing = await memory.briefing({ since })
    expect(linesOf(briefing, 'pinned')).toEqual(['"rule" = "small commits"'])
    expect(linesOf(briefing, 'changes')).toEqual([
      '"later" = 2 (new, 2026-01-02T03:06Z by "ada")',
      expect.stringMatching(/^"(rule|not)" = /),
      expect.stringMatching(/^"(rule|not)" = /),
    ])
    expect(briefing.sections.find(({ name }) => name === 'changes')?.title).toContain('1 written since')
    await memory.store('rule', 'large commits')
    expect(linesOf(await memory.briefing(), 'pinned')).toEqual([])
  })

  it('knows by itself when an agent went, or the session before of its client, and what others did since', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const minutePasses = () => clock.advance(60_000)
    const live = async (id: string) => {
      await memory.agents.register({ id, type: 'x' })
      minutePasses()
      await memory.as(id).store(`by ${id}`, 1)
      await memory.agents.release(id)
      if (id !== 'ada') await memory.agents.delete(id)
      minutePasses()
    }
    await live('ada')
    await live('codex-0000000a')
    await memory.agents.register({ id: 'codex-0000000b', type: 'codex' })
    await memory.agents.register({ id: 'ada', type: 'x' })
    await memory.tasks.create({ id: 'parse', description: 'Write the parser' })
    const [task] = await memory.as('bob').tasks.claim()
    await memory.as('bob').tasks.complete({ id: 'parse', token: task?.token ?? 0 })
    // What somebody else says to be hers is new to her too.
    await memory.as('bob').shared.update('phase', 'test', { updatedBy: 'ada' })
    minutePasses()
    // The end of a session beside it is not what came before it; nor is what it has written itself new to it.
    await live('codex-0000000c')
    await memory.as('codex-0000000b').store('own', 1)
    const news = async (agentId: string) => {
      const briefing = await memory.as(agentId).briefing()
      const lines = [
        ...linesOf(briefing, 'changes'),
        ...linesOf(briefing, 'tasks'),
        ...linesOf(briefing, 'shared'),
      ]
      return lines
        .filter(line => line.includes('new, '))
        .map(line => line.replace(/\S+Z /, ''))
        .sort()
    }
    const since = [
      '"by codex-0000000c" = 1 (new, by "codex-0000000c")',
      '"parse" "Write the parser" (medium, new, completed by "bob")',
      '"phase" = "test" (new, by "bob")',
    ]
    expect(await news('codex-0000000b')).toEqual(since)
    expect(await news('ada')).toEqual([
      '"by codex-0000000a" = 1 (new, by "codex-0000000a")',
      ...since.slice(0, 1),
      '"own" = 1 (new, by "codex-0000000b")',
      ...since.slice(1),
    ])
    expect(await news('cursor-0000000b')).toEqual([])
    expect(await news('nobody')).toEqual([])
  })

  it('tells the latest of memory and of shared state, however much there is', async () => {
    const memory = await open({})
    await memory.kv.storeMany(Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, value: i })))
    await memory.optimize()
    for (let i = 0; i < 45; i++) await memory.shared.update(`s${String(99 - i)}`, i)
    await memory.store('a-late-one', 'late')
    const briefing = await memory.briefing({ maxTokens: 4_000 })
    expect(linesOf(briefing, 'changes')[0]).toMatch(/^"a-late-one" = "late"/)
    // The others are known by the index.
    expect(linesOf(briefing, 'changes')).toHaveLength(20)
    expect(linesOf(briefing, 'shared')[0]).toMatch(/^"s55" = 44 /)
    expect(linesOf(briefing, 'shared')).toHaveLength(30)
  })

  it('tells what is near to what the work is about', async () => {
    const memory = await open({})
    await memory.store('api/retry', 'Back off for two seconds between attempts')
    await memory.store('colour', 'blue')
    const lines = linesOf(await memory.briefing({ about: 'retry attempts' }), 'related')
    expect(lines).toEqual([expect.stringMatching(/^"api\/retry": .*Back off/)])
  })

  it("tells the last session but the agent's own, and after a compaction only that", async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.sessions.create({ summary: 'the first' }, { id: 'first' })
    clock.advance(60_000)
    await memory.sessions.create({ summary: 'the second', decided: 'no globals' }, { id: 'second' })
    clock.advance(60_000)
    await memory.sessions.create({ nothing: 'to tell' }, { id: 'third' })
    expect(linesOf(await memory.briefing(), 'lastSession')).toEqual([
      'summary: "the second"',
      'decided: "no globals"',
    ])
    expect(linesOf(await memory.briefing({ sessionId: 'second' }), 'lastSession')).toEqual([
      'summary: "the first"',
    ])
    const compacted = await memory.briefing({ sessionId: 'second', isCompacted: true })
    expect(compacted.sections.map(({ name }) => name)).toEqual(['session'])
  })

  it('tells who else is alive, and what they hold', async () => {
    const memory = await open({})
    await memory.agents.register({ id: 'ada', type: 'coder' })
    await memory.agents.register({ id: 'bob', type: 'tester' })
    await memory.locks.acquire('deploy', { owner: 'bob' })
    const briefing = await memory.as('ada').briefing()
    expect(linesOf(briefing, 'agents')).toEqual([
      expect.stringMatching(/^"bob" \(last active .*; has lock "deploy"\)$/),
    ])
    expect(linesOf(briefing, 'locks')).toEqual(['"deploy" by "bob"'])
  })

  it.each([200, 1_000, 8_000])('stays within %d tokens, and says how much is left out', async maxTokens => {
    const memory = await open({})
    const texts = Array.from({ length: 40 }, (_, i) => `${i} ${'<x>'.repeat(130)}`)
    await memory.tasks.createMany(texts.map(description => ({ description })))
    await memory.events.logMany(texts.map(data => ({ type: 'decision', data })))
    await memory.kv.storeMany(texts.map((value, i) => ({ key: `key${i}`, value })))
    await memory.sessions.create({ summary: 'y'.repeat(50_000) })
    const { sections } = await memory.briefing({ maxTokens })
    const text = sections.flatMap(({ title, lines }) => [title, ...lines]).join('\n- ')
    expect(text.length).toBeLessThanOrEqual(maxTokens * 4)
    expect(text).not.toContain('<')
    expect(sections.length).toBeGreaterThan(1)
    expect(sections.some(({ left }) => left > 0)).toBe(maxTokens < 8_000)
  })

  it('refuses what it does not know', async () => {
    const memory = await open({})
    // @ts-expect-error: there is no such option
    await expect(memory.briefing({ tokens: 5 })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(memory.briefing({ maxTokens: 100 })).rejects.toThrow(/maxTokens.*200/)
  })
})
