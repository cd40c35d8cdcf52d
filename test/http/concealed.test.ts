import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actionOf, tools } from '../../src/mcp/tools.ts'
import type { Memory } from '../../src/memory.ts'
import { operations } from '../../src/operations.ts'
import { overHttp } from '../mcp/support.ts'
import { inputsOf } from '../support/inputs.ts'
import { emptyFile, openScratch } from '../support/memory.ts'
import { caller } from '../support/requests.ts'
import { startHttp } from '../support/server.ts'

/** A memory whose store has been moved away under it: all that it says of that names where it was. */
async function gone(): Promise<{ memory: Memory; folder: string }> {
  const file = emptyFile()
  const memory = await openScratch({}, file)
  const folder = path.dirname(file)
  fs.renameSync(file, `${file}.away`)
  await expect(memory.store('a', 1)).rejects.toThrow(folder)
  return { memory, folder }
}

const inputs = operations.map(operation => {
  const [input] = fc.sample(inputsOf(operation), { numRuns: 1, seed: 1 })
  return { operation, input }
})

it('no operation tells callers over HTTP where the store is, nor does its failure', async () => {
  const { memory, folder } = await gone()
  const serving = await startHttp(memory)
  const owner = caller(serving, serving.token)
  let failures = 0
  for (const { operation, input } of inputs) {
    const { status, text } = await owner.call(operation.name, input)
    if (status >= 400) expect(text, operation.name).not.toContain(folder)
    if (text.includes('a place of the server')) failures++
  }
  expect(failures).toBeGreaterThan(operations.length / 2)
})

it('nor does any tool, resource or prompt over MCP', async () => {
  const { memory, folder } = await gone()
  const client = await overHttp('modern', memory)
  const asked: Promise<unknown>[] = [
    client.readResource({ uri: 'hivewax://tasks' }),
    client.getPrompt({ name: 'start', arguments: {} }),
  ]
  for (const tool of tools)
    for (const operation of tool.operations) {
      const input = inputs.find(each => each.operation === operation)?.input
      const action = tool.chosenBy === 'action' ? { action: actionOf(tool, operation) } : {}
      asked.push(client.callTool({ name: tool.name, arguments: { ...input, ...action } }))
    }
  const told = await Promise.all(
    asked.map(each => each.then(JSON.stringify, told => `${told} ${JSON.stringify(told)}`)),
  )
  for (const text of told) expect(text).not.toContain(folder)
  expect(told.filter(text => text.includes('a place of the server')).length).toBeGreaterThan(told.length / 2)
})
