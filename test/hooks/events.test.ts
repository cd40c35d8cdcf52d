import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { hookClients } from '../../src/hooks/hook-client.ts'
import { type HookEvent, hookEvents } from '../../src/hooks/hook-events.ts'
import { scratchFolder } from '../support/memory.ts'
import { base, inputs, sessionId } from './inputs.ts'
import { hook, inStore, quiet, told } from './run.ts'

const agentId = 'claude-code-5f0c2a1e'
const subagentId = `${agentId}/a3f9c2`
const taskId = `${sessionId}:1`

let folder: string

beforeEach(async () => {
  folder = scratchFolder()
  await inStore(folder, async () => {})
})

const session = () => inStore(folder, memory => memory.sessions.get(sessionId))
const agents = async () => (await inStore(folder, memory => memory.agents.list())).items
const tasks = async () => (await inStore(folder, memory => memory.tasks.list())).items

describe('the hooks of Claude Code', () => {
  it.each(hookEvents)('%s exits with 0 and says nothing where nothing is to be told', event => {
    quiet(folder, event, inputs[event])
    expect(fs.readdirSync(path.join(folder, '.swarm')).sort()).toEqual(['.gitignore', 'memory.db'])
  })

  it('note a session and its agent when it starts', async () => {
    quiet(folder, 'SessionStart', inputs.SessionStart)
    expect((await session())?.data).toMatchObject({
      client: 'claude-code',
      cwd: '/home/ada/app',
      started: 'startup',
    })
    expect(await agents()).toMatchObject([{ id: agentId, type: 'claude-code', alive: true }])
  })

  it('save what was said when the agent stops and before compacting', async () => {
    quiet(folder, 'Stop', inputs.Stop)
    expect((await session())?.data).toMatchObject({
      answered: 'The parser is written.',
      checkpoint: { event: 'Stop' },
    })
    quiet(folder, 'PreCompact', {
      ...inputs.PreCompact,
      trigger: 'manual',
      custom_instructions: 'keep the plan',
    })
    expect((await session())?.data).toMatchObject({
      answered: 'The parser is written.',
      checkpoint: { event: 'PreCompact', trigger: 'manual', instructions: 'keep the plan' },
    })
  })

  it('note what a person asked last, and not what the client says in the place of one', async () => {
    quiet(folder, 'UserPromptSubmit', inputs.UserPromptSubmit)
    for (const prompt of [
      '<task-notification>done</task-notification>',
      '<command-name>/clear</command-name>',
      '[Request interrupted by user]',
    ]) {
      quiet(folder, 'UserPromptSubmit', { ...inputs.UserPromptSubmit, prompt })
    }
    expect((await session())?.data).toMatchObject({ asked: 'Write the parser' })
  })

  it('give a compacted session its summary back', async () => {
    quiet(folder, 'PostCompact', inputs.PostCompact)
    const context = told(hook(folder, 'SessionStart', { ...inputs.SessionStart, source: 'compact' }))
    expect(context).toContain('This session so far')
    expect(context).toContain('"The parser is written; the printer is next."')
  })

  it('tell the next session what the last one came to', () => {
    quiet(folder, 'Stop', inputs.Stop)
    const context = told(hook(folder, 'SessionStart', { ...inputs.SessionStart, session_id: 'another' }))
    expect(context).toContain('Last session')
    expect(context).toContain('- answered: "The parser is written."')
  })

  it('register a subagent while it works', async () => {
    quiet(folder, 'SubagentStart', inputs.SubagentStart)
    quiet(folder, 'SubagentStart', inputs.SubagentStart)
    expect(await agents()).toMatchObject([{ id: subagentId, type: 'Explore', incarnation: 1, alive: true }])
    quiet(folder, 'SubagentStop', inputs.SubagentStop)
    expect(await agents()).toEqual([])
  })

  it('keep an agent that leaves something behind, as ended', async () => {
    quiet(folder, 'SubagentStart', inputs.SubagentStart)
    await inStore(folder, memory => memory.agents.storeMemory(subagentId, 'found', 3))
    quiet(folder, 'SubagentStop', inputs.SubagentStop)
    expect(await agents()).toMatchObject([{ id: subagentId, alive: false }])
  })

  it('note each task once, for nobody else to claim', async () => {
    for (let i = 0; i < 2; i++) quiet(folder, 'TaskCreated', inputs.TaskCreated)
    const [task, ...more] = await tasks()
    expect(more).toEqual([])
    expect(task).toMatchObject({
      id: taskId,
      description: 'Write the parser',
      status: 'pending',
      payload: { session: sessionId, details: 'With tests for every error.', teammate: 'coder' },
    })
    const claimed = await inStore(folder, memory => memory.tasks.claim({ agentId: 'worker' }))
    expect(claimed).toEqual([])
  })

  it('keep the tasks of two sessions apart, and those of a team together', async () => {
    for (const session_id of ['one', 'two']) {
      quiet(folder, 'TaskCreated', { ...inputs.TaskCreated, session_id })
      quiet(folder, 'TaskCreated', { ...inputs.TaskCreated, session_id, team_name: 'team' })
    }
    expect((await tasks()).map(({ id }) => id)).toEqual([
      'claude-code:one:1',
      'claude-code:team:1',
      'claude-code:two:1',
    ])
  })

  it('complete a task once, known or not', async () => {
    quiet(folder, 'TaskCreated', inputs.TaskCreated)
    for (let i = 0; i < 2; i++) quiet(folder, 'TaskCompleted', inputs.TaskCompleted)
    quiet(folder, 'TaskCompleted', { ...inputs.TaskCompleted, task_id: '2' })
    expect(await tasks()).toMatchObject([
      { id: taskId, status: 'completed', attempts: 1 },
      { id: `${sessionId}:2`, status: 'completed', attempts: 1 },
    ])
  })

  it('end a session, and make none of one that never began', async () => {
    quiet(folder, 'SessionEnd', inputs.SessionEnd)
    expect(await session()).toBeUndefined()
    quiet(folder, 'SessionStart', inputs.SessionStart)
    quiet(folder, 'SessionEnd', inputs.SessionEnd)
    expect((await session())?.data).toMatchObject({ started: 'startup', ended: 'prompt_input_exit' })
    expect(await agents()).toEqual([])
  })

  it('take the name of the event from the input too, and other spellings of it', async () => {
    hook(folder, '--budget=500', inputs.SubagentStart)
    expect(await agents()).toHaveLength(1)
    quiet(folder, 'subagent-stop', inputs.SubagentStop)
    expect(await agents()).toEqual([])
  })
})

/** The same session as other clients tell of it: the input of their own hooks. */
const others = {
  codex: inputs,
  gemini: {
    ...inputs,
    Stop: {
      session_id: base.session_id,
      prompt: 'Write the parser',
      prompt_response: 'The parser is written.',
    },
  },
  cursor: Object.fromEntries(
    Object.entries(inputs).map(([event, { session_id, cwd, ...more }]) => [
      event,
      { ...more, conversation_id: session_id, workspace_roots: [cwd], text: 'The parser is written.' },
    ]),
  ),
} as const

describe.each(hookClients.filter(({ name }) => name !== 'claude-code'))('the hooks of $name', client => {
  const given = others[client.name as keyof typeof others]
  const run = (event: HookEvent) =>
    hook(folder, client.events[event] ?? '', given[event], '--client', client.name)
  const session = () => inStore(folder, memory => memory.sessions.get(`${client.name}:${base.session_id}`))

  it('keep a session under its name, in whichever words it is told', async () => {
    for (const event of hookEvents.filter(event => client.events[event] !== undefined))
      expect(run(event), event).toEqual({ status: 0, stdout: '', stderr: '' })
    expect((await session())?.data).toMatchObject({
      client: client.name,
      cwd: '/home/ada/app',
      asked: 'Write the parser',
      answered: 'The parser is written.',
      ended: 'prompt_input_exit',
    })
    expect((await session())?.author).toEqual({ agent: `${client.name}-5f0c2a1e`, via: 'hook' })
    expect(await agents()).toEqual([])
  })

  it('tell it where things stand, in its own form, and register an agent only where its server is the same one', async () => {
    await inStore(folder, memory => memory.store('decision/tabs', 'Tabs'))
    const said = JSON.parse(run('SessionStart').stdout)
    const text =
      client.name === 'cursor' ? said.additional_context : said.hookSpecificOutput.additionalContext
    expect(text).toContain('"decision/tabs" = "Tabs"')
    const isOne = client.name === 'codex'
    expect((await agents()).map(({ id }) => id)).toEqual(isOne ? ['codex-5f0c2a1e'] : [])
  })
})
