import { expect, it } from 'vitest'
import type { Launch } from '../../src/setup/clients.ts'
import { StdioClient } from '../../src/setup/stdio-client.ts'
import { inStore } from '../hooks/run.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'
import { filled, fixtureNames, inForm, type RecordedSession, readFixture, scrubbed } from './fixture.ts'
import { task } from './story.ts'

it.each(fixtureNames())('%s shows its model what it showed when it was recorded', async name => {
  const project = scratchFolder()
  const place = { project, home: `${project}/home` }
  await inStore(project, async memory => {
    // As `hivewax init` does: numbers go on from there.
    await memory.store('x', 1)
    await memory.delete('x')
    await memory.tasks.create(task)
  })
  for (const [i, recorded] of readFixture(name).sessions.entries()) {
    const session = `0000000${i}-0000-4000-8000-000000000000`
    expect(await replay(filled(recorded, place, session), project), `session ${i}`).toEqual([
      ...recorded.hooks.filter(begins).map(({ said }) => said),
      ...recorded.calls.map(({ shown }) => shown),
      ...recorded.hooks.filter(hook => !begins(hook)).map(({ said }) => said),
    ])
  }

  /** @returns what the client is told, in the form in which it shows that */
  async function replay({ env, opening, calls, hooks }: RecordedSession, folder: string): Promise<string[]> {
    const run = ({ args, input }: RecordedSession['hooks'][number]) =>
      scrubbed(hivewax(folder, args, { input, env: { CLAUDE_PROJECT_DIR: folder } }).stdout, place)
    const before = hooks.filter(begins).map(run)
    const launch: Launch = {
      command: process.execPath,
      args: [hivewaxFile, 'mcp'],
      env: { ...(cliEnv(folder) as Record<string, string>), ...env },
    }
    const server = new StdioClient(launch, folder)
    for (const { id, method, params } of opening) {
      if (id === undefined) server.tell(method)
      else await server.ask(method, params as never)
    }
    const shown: string[] = []
    for (const { params, form, depth } of calls) {
      const { content, isError: _, ...more } = await server.ask('tools/call', params as never)
      // Of anything beside one text, clients would show more or other than that.
      expect(more).not.toHaveProperty('structuredContent')
      const [{ text }, ...others] = content as [{ text: string }]
      expect(others).toEqual([])
      shown.push(inForm({ form, depth }, scrubbed(text, place)))
    }
    await server.close()
    return [...before, ...shown, ...hooks.filter(hook => !begins(hook)).map(run)]
  }
})

/** Whether a hook runs before the model is asked. */
function begins({ args }: { args: readonly string[] }): boolean {
  return /start|submit/i.test(args.join(' '))
}
