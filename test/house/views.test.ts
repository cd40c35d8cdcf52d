import { expect, it } from 'vitest'
import { z } from 'zod'
import { operations } from '../../src/operations.ts'
import { type AnyView, columnNames } from '../../src/view.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { openScratch } from '../support/memory.ts'

const viewed = operations.flatMap(({ name, view }) => (view === undefined ? [] : [{ name, view }]))

it('each view has at most six columns, all of them known, and one takes the rest of the width', () => {
  const isRight = (view: AnyView) => {
    const names = columnNames(view)
    const computed = view.columns.flatMap(column => (typeof column === 'string' ? [] : [column[0]]))
    return (
      names.length <= 6 &&
      new Set(names).size === names.length &&
      new Set(view.fields).size === view.fields.length &&
      names.includes(view.rest) &&
      names.every(name => view.fields.includes(name) !== computed.includes(name))
    )
  }
  expect(viewed.length).toBeGreaterThan(30)
  expect(viewed.filter(({ view }) => !isRight(view)).map(({ name }) => name)).toEqual([])
})

it('each view knows all fields of the records that its operation lists', async () => {
  const memory = await openScratch()
  await storeEveryKind(memory, ['x'])
  // What all of these lists take, wherever it is taken; each has what it needs of it.
  const input = {
    glob: '*',
    namespace: 'space',
    key: 'x',
    id: 'x',
    swarmId: 'x',
    name: 'x',
    text: 'kept',
    agentId: 'x',
  }
  const reading = operations.filter(({ effect, view }) => effect === 'read' && view !== undefined)
  const unknown: string[] = []
  let listed = 0
  for (const operation of reading) {
    const { name, view } = operation
    const answer = await operation.run(memory, operation.input(z).parse(input))
    const items = (Array.isArray(answer) ? answer : (answer as { items: object[] }).items) as object[]
    if (items.length > 0) listed++
    const fields = new Set(items.flatMap(Object.keys))
    for (const field of fields) if (!view!.fields.includes(field)) unknown.push(`${name}: ${field}`)
  }
  expect(unknown).toEqual([])
  expect(listed).toBeGreaterThan(10)
})
