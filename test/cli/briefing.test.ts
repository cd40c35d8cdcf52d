import { expect, it } from 'vitest'
import { z } from 'zod'
import type { Section } from '../../src/briefing/section.ts'
import { commandLine } from '../../src/cli/command-line.ts'
import { toolCall } from '../../src/mcp/tool-call.ts'
import { openMemory } from '../../src/open.ts'
import { type OperationName, operationOf } from '../../src/operations.ts'
import { document, hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

/** A folder with a store in which a briefing has every part to tell of, but for the session of a compaction. */
async function filled(): Promise<string> {
  const folder = scratchFolder()
  await using memory = await openMemory(`${folder}/.swarm/memory.db`, { background: false })
  await memory.store('rule', "don't", { metadata: { pinned: true } })
  await memory.logEvent('decision', 'Tabs')
  await memory.tasks.createMany([{ description: 'Parse' }, { description: 'Print' }])
  await memory.as('ada').tasks.claim()
  await memory.registerAgent({ id: 'bob', type: 'coder' })
  await memory.locks.acquire('deploy', { owner: 'bob' })
  await memory.updateSharedState('phase', 'build')
  await memory.createSession({ summary: 'It went well.' })
  return folder
}

it('shows people what agents are told, and beside each part a command and a call that show more', async () => {
  const folder = await filled()
  const args = ['briefing', '--agent', 'ada', '--about', "don't rule"]
  const { data } = document(hivewax(folder, [...args, '--json'])) as { data: { sections: Section[] } }
  expect(data.sections.map(({ name }) => name)).toEqual([
    'claims',
    'pinned',
    'decisions',
    'tasks',
    'changes',
    'related',
    'lastSession',
    'shared',
    'agents',
    'locks',
  ])
  const { stdout } = hivewax(folder, args)
  for (const { title, lines, more } of data.sections) {
    expect(stdout).toContain(`${title}  ${commandLine(more)}\n- ${lines[0]}\n`)
    expect(
      operationOf(more.operation as OperationName)
        .input(z)
        .safeParse(more.input).error,
    ).toBeUndefined()
    expect(toolCall(more)).toMatch(/^\w+( \w| \{|$)/)
  }
  expect(stdout).toContain(`hivewax find 'don'\\''t rule'\n`)
  expect(stdout).toContain(`hivewax search '*' --namespace '*'\n`)
})
