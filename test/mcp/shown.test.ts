import { expect, it } from 'vitest'
import { z } from 'zod'
import { describeTools } from '../../src/mcp/describe-tools.ts'
import type { JsonSchema } from '../../src/schemas.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { hiding, linesThatHide } from '../support/hidden.ts'
import { openScratch } from '../support/memory.ts'
import { overHttp } from './support.ts'

/** A value that a field may take, of harmful text where it may be any. */
function sample({ type, enum: choices, anyOf }: JsonSchema): unknown {
  if (choices !== undefined) return choices[0]
  if (anyOf?.[0] !== undefined) return sample(anyOf[0])
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return true
  if (type === 'array') return [hiding]
  return type === 'object' ? { [hiding]: hiding } : hiding
}

it('no tool, resource or prompt shows what cannot be seen, in answers and errors', async () => {
  const memory = await openScratch()
  await storeEveryKind(memory, [hiding])
  await memory.store(hiding, { [hiding]: hiding }, { metadata: hiding })
  const client = await overHttp('modern', memory)
  const shown: string[] = []
  for (const { name, inputSchema } of describeTools(z)) {
    const { properties = {} } = inputSchema as JsonSchema
    const { action, ...fields } = properties
    const text = Object.fromEntries(Object.entries(fields).map(([field, schema]) => [field, sample(schema)]))
    for (const chosen of action?.enum ?? [undefined])
      for (const args of [{}, text]) {
        const call = client.callTool({
          name,
          arguments: { ...args, ...(chosen !== undefined && { action: chosen }) },
        })
        shown.push(JSON.stringify(await call.catch(error => `${error}`)))
      }
  }
  expect(shown.length).toBeGreaterThan(60)
  const uris = (await client.listResources()).resources.map(({ uri }) => uri)
  for (const uri of [
    ...uris,
    `hivewax://memory/${encodeURIComponent(hiding)}`,
    `hivewax://${encodeURIComponent(hiding)}`,
  ])
    shown.push(JSON.stringify(await client.readResource({ uri }).catch(error => `${error}`)))
  for (const { name, arguments: given = [] } of (await client.listPrompts()).prompts) {
    const values = Object.fromEntries(given.map(({ name: field }) => [field, hiding]))
    shown.push(JSON.stringify(await client.getPrompt({ name, arguments: values }).catch(error => `${error}`)))
  }
  // JSON spells controls by itself, so that they are looked for in what is spelled as well.
  expect(shown.flatMap(linesThatHide)).toEqual([])
  expect(shown.filter(text => /(?<!\\)\\u(?:009b|001b|202e)/.test(text))).toEqual([])
  expect(shown.join('\n').split('\\u202e').length).toBeGreaterThan(50)
})
