import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type Checksummed, checksummed } from '../../src/db/checksummed.ts'
import { HivewaxError } from '../../src/errors.ts'
import type { Memory } from '../../src/memory.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

/** What to ask for what `storeEveryKind` has stored, by field. */
const fields: Record<string, unknown> = {
  key: 'no 1',
  keys: ['no 1'],
  id: 'no 1',
  ids: ['no 1'],
  agentId: 'no 1',
  namespace: 'space',
  glob: '*',
  text: 'kept',
  swarmId: 'no 1',
  node: 'node no 1',
  from: 'node no 1',
  to: 'other no 1',
  type: 'sort no 1',
  group: 'group',
  name: 'metric no 1',
  token: 1,
  timeoutMs: 1,
}

/** Where a field is something else. */
const otherwise: Record<string, Record<string, unknown>> = {
  'events.get': { id: 3 },
  'events.latest': { type: 'type no 1' },
  'workflows.getStep': { name: 'first' },
}

/** What is not answered of a sound store either. */
const unanswered: Record<string, string> = { 'events.verify': 'not_found', 'consensus.wait': 'deadline' }

/** Shows tables as they are; and looks at whole files, or at no record. */
const leftOut = /^maintenance\./

interface Reading {
  readonly name: string
  readonly run: () => Promise<unknown>
}

/** Every operation that reads. */
function readings(memory: Memory): Reading[] {
  const reading = operations.filter(({ effect, name }) => effect === 'read' && !leftOut.test(name))
  return reading.map(operation => ({
    name: operation.name,
    run: async () => operation.run(memory, inputOf(operation)),
  }))
}

/** What is given though it may be left out: where to look, and not to wait. */
const given = ['namespace', 'timeoutMs']

/** All that it must be given, and some more. */
function inputOf(operation: Operation) {
  const schema = operation.input(z) as z.ZodObject
  const wanted = Object.keys(schema.shape).filter(
    field => given.includes(field) || !schema.shape[field]?.safeParse(undefined).success,
  )
  const input = wanted.map(field => [field, otherwise[operation.name]?.[field] ?? fields[field]])
  return schema.parse(Object.fromEntries(input)) as never
}

/** Changes texts as a disk would: the checksums stay. */
function damaging(file: string) {
  const db = new DatabaseSync(file)
  const triggers = db.prepare("select name from sqlite_schema where type = 'trigger'").all()
  for (const { name } of triggers) db.exec(`drop trigger ${name}`)
  return (table: string, columns: readonly string[], [from, to]: readonly [string, string]) => {
    const changes = columns.map(column => `${column} = replace(${column}, '${from}', '${to}')`)
    db.exec(`update ${table} set ${changes.join(', ')}`)
  }
}

it('answers nothing with what the disk has changed, whatever is asked', async () => {
  const file = scratchFile()
  const memory = await openScratch({ cacheBytes: 0, countReads: false }, file)
  await storeEveryKind(memory)
  const all = readings(memory)
  for (const { name, run } of all) {
    const code = await run().then(
      () => undefined,
      error => error.code,
    )
    expect(code, name).toBe(unanswered[name])
  }
  const damage = damaging(file)
  const wrong: string[] = []
  let found = 0
  for (const [table, { checksums }] of Object.entries(checksummed as Record<string, Checksummed>)) {
    for (const [checksum, covered] of Object.entries(checksums)) {
      const columns = Object.keys(covered).filter(column => covered[column]?.startsWith('text'))
      damage(table, columns, ['no ', 'nX '])
      for (const { name, run } of all) {
        const answer = await run().catch(error => error)
        if (answer instanceof HivewaxError && answer.code === 'corrupt') found++
        else if (JSON.stringify(answer)?.includes('nX ')) wrong.push(`${table}.${checksum}: ${name}`)
      }
      damage(table, columns, ['nX ', 'no '])
    }
  }
  expect(wrong).toEqual([])
  expect(found).toBeGreaterThan(Object.keys(checksummed).length)
})
