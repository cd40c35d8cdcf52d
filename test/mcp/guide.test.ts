import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { claudeFlowToolbox } from '../../src/mcp/claude-flow-toolbox.ts'
import { resourceTemplates } from '../../src/mcp/resources.ts'
import { tools } from '../../src/mcp/tools.ts'
import { openScratch } from '../support/memory.ts'
import { ask, overHttp } from './support.ts'

const page = fs.readFileSync(path.join(import.meta.dirname, '../../docs/guide/mcp.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )

it('the guide names every tool, once', () => {
  const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(named).toEqual(tools.map(({ name }) => name))
  for (const { name } of claudeFlowToolbox.list) expect(page).toContain(`\`${name}\``)
})

it('the guide names addresses that there are', () => {
  const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate)
  for (const [uri] of page.matchAll(/hivewax:\/\/\w+(\/\{\w+\})+/g)) expect(templates).toContain(uri)
})

it('the settings in the guide start the server', () => {
  const settings = blocks('json').map(text => JSON.parse(text))
  expect(settings).toHaveLength(5)
  for (const { mcpServers, servers = mcpServers } of settings) {
    const [server] = Object.values(servers) as { command: string; args: string[] }[]
    expect([server?.command, server?.args[0]]).toEqual(['hivewax', 'mcp'])
  }
})

it('the session in the guide is true', async () => {
  const client = await overHttp('modern', await openScratch())
  const lines = blocks('text').join('').trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(10)
  for (let i = 0; i < lines.length; i += 2) {
    const [, name = '', args = ''] = /^→ (\w+) (.*)$/.exec(lines[i] ?? '') ?? []
    const [, answer = ''] = /^← (.*)$/.exec(lines[i + 1] ?? '') ?? []
    expect(await ask(client, name, JSON.parse(args)), lines[i]).toMatchObject(JSON.parse(answer))
  }
})
