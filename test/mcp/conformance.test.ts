import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openScratch, scratchFolder } from '../support/memory.ts'
import { httpServer } from './support.ts'

/**
 * Those of the public conformance tool that are about any server. The others call tools, resources and prompts that
 * only a server made for that tool has, or features that this one does not declare: logging, completion, sampling,
 * elicitation, and subscriptions within a session.
 */
const scenarios = [
  'server-initialize',
  'ping',
  'tools-list',
  'resources-list',
  'prompts-list',
  'server-sse-multiple-streams',
]

const require = createRequire(import.meta.url)
const tool = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

for (const scenario of scenarios) {
  it(`passes ${scenario} of the public conformance tool`, async () => {
    const { url } = await httpServer(await openScratch())
    const args = [tool, 'server', '--url', url.href, '--scenario', scenario]
    const child = spawn(process.execPath, args, { cwd: scratchFolder() })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
    const exitCode = await new Promise(resolve => child.on('close', resolve))
    expect([exitCode, output]).toEqual([0, expect.not.stringContaining('✗')])
  })
}
