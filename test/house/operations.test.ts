import { expect, it } from 'vitest'
import { z } from 'zod'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { inputSchema, type JsonSchema } from '../../src/schemas.ts'

interface Field {
  /** Where it is, through lists and alternatives: `tasks.dependencies.id`. */
  readonly path: string
  readonly name: string
  readonly schema: JsonSchema
}

/** The fields of an input at any depth. What is a value of the user's has none. */
function fieldsOf(operation: Operation): Field[] {
  return [...walk(inputSchema(z, operation), '')]
}

function* walk({ properties = {}, items, anyOf = [] }: JsonSchema, at: string): Generator<Field> {
  for (const [name, schema] of Object.entries(properties)) {
    yield { path: at + name, name, schema }
    yield* walk(schema, `${at}${name}.`)
  }
  for (const inner of [...anyOf, ...(items === undefined ? [] : [items])]) yield* walk(inner, at)
}

/** The paths that `concerns` picks of every operation, beside those that the operation declares. */
function compared(
  declared: (operation: Operation) => readonly string[],
  concerns: (field: Field, operation: Operation) => boolean,
) {
  const lines = (paths: (operation: Operation) => readonly string[]) =>
    operations.flatMap(operation =>
      [...new Set(paths(operation))].sort().map(path => `${operation.name}: ${path}`),
    )
  const found = (operation: Operation) =>
    fieldsOf(operation)
      .filter(field => concerns(field, operation))
      .map(({ path }) => path)
  return { declared: lines(declared), found: lines(found) }
}

it('knows of every operation the order of its arguments, by fields that it has', () => {
  const named = ({ positionals, arguments: places, renamed }: Operation) => [
    ...positionals,
    ...places,
    ...Object.values(renamed),
  ]
  const wrong = operations.flatMap(operation => {
    const fields = fieldsOf(operation).map(({ path }) => path)
    return named(operation)
      .filter(name => !fields.includes(name))
      .map(name => `${operation.name}: ${name}`)
  })
  expect(wrong).toEqual([])
})

it('knows of every field whether it holds records of ours or a value of the user', () => {
  const holdsRecords = ({ properties, items, anyOf = [] }: JsonSchema): boolean =>
    properties !== undefined || (items !== undefined && holdsRecords(items)) || anyOf.some(holdsRecords)
  const { declared, found } = compared(
    ({ records }) => records,
    ({ schema }) => holdsRecords(schema),
  )
  expect(declared).toEqual(found)
})

it('knows of every field whether it names a file', () => {
  const { declared, found } = compared(
    ({ files }) => files,
    ({ name }) => /^(path|file|folder|directory)$|(Path|File)$/.test(name),
  )
  // The damaged file is told by where it is from.
  expect(declared.filter(line => line !== 'maintenance.recover: from')).toEqual(found)
})

it('knows of every operation that takes a namespace which ones it touches', () => {
  const silent = operations.filter(
    operation =>
      operation.namespaces === undefined && fieldsOf(operation).some(({ name }) => name === 'namespace'),
  )
  expect(silent.map(({ name }) => name)).toEqual([])
})

it('knows of every field by which a write may name an agent what that agent is to it', () => {
  const words = [
    'agent',
    'actor',
    'author',
    'owner',
    'holder',
    'source',
    'proposer',
    'voter',
    'acceptor',
    'assignee',
  ]
  const agents = new RegExp(
    `^(${words.join('|')})(s|Ids?)?$|^(by|weights)$|(By|To|Agent|AgentId|Owner|Holder)$`,
  )
  const namesAgents = (name: string, domain: string) =>
    agents.test(name) || (domain === 'agents' && name === 'id')
  const { declared, found } = compared(
    ({ identities }) => Object.keys(identities),
    (field, { name, effect }) => effect !== 'read' && namesAgents(field.name, name.split('.')[0]!),
  )
  expect(declared).toEqual(found)
})

it('knows of every field that says how long the caller holds something, and how a caller keeps what it got', () => {
  const { declared, found } = compared(
    ({ lease }) => (lease === undefined ? [] : [lease]),
    ({ name }) => name === 'leaseMs',
  )
  expect(declared).toEqual(found)
  // What may be repeated is a renewal: it gives nothing new.
  const kept = operations.filter(({ lease, isIdempotent }) => lease !== undefined && !isIdempotent)
  expect(operations.filter(({ keep }) => keep !== undefined)).toEqual(kept)
})
