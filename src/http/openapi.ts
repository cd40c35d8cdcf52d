import { z } from 'zod'
import { errorTable } from '../errors.ts'
import type { Operation } from '../operation.ts'
import { operations } from '../operations.ts'
import { inputSchema, type JsonSchema } from '../schemas.ts'
import { agentHeader, incarnationHeader, transactionHeader } from '../wire.ts'
import { pathOf } from './operation-calls.ts'
import { streams } from './stream-sources.ts'

/** The description of the API, OpenAPI 3.1. */
export function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'hivewax',
      version,
      description: 'The memory that a swarm of agents shares. Every operation of the library is a route.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{ token: [] }],
    paths: Object.fromEntries([
      ...operations.map(operationPath),
      ...Object.entries(streams).map(streamPath),
      ...otherPaths,
    ]),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      parameters: {
        agent: header(agentHeader, 'The agent in whose name the call is made, percent-encoded'),
        incarnation: header(incarnationHeader, 'Refuse unless the agent still has this incarnation'),
        transaction: header(transactionHeader, 'The open transaction that the call is a part of'),
      },
      schemas: {
        Problem: problem,
        Begin: begin,
        Begun: begun,
        SignIn: signIn,
        SignedIn: signedIn,
        ...Object.fromEntries(operations.flatMap(definitionsOf)),
      },
      responses: {
        Problem: {
          description: 'It was refused, or failed; nothing was changed unless `details.outcome` is `unknown`',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

const problem = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: Object.keys(errorTable) },
        message: { type: 'string' },
        hint: { type: 'string', description: 'What to do about it' },
        details: { type: 'object' },
      },
    },
  },
}

/** What zod adds to a schema that refers to parts of itself. */
type Definitions = JsonSchema & { $schema?: string; $defs?: Record<string, object> }

const ownPrefix = '#/$defs/'
const sharedPrefix = ({ name }: Operation) => `#/components/schemas/${name}.`

const begin = {
  type: 'object',
  additionalProperties: false,
  properties: {
    within: { type: 'string', description: 'The open transaction to make a savepoint in' },
    timeoutMs: { type: 'integer', minimum: 1, maximum: 60_000, default: 10_000 },
  },
}

const begun = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } }

const signIn = {
  type: 'object',
  additionalProperties: false,
  required: ['code'],
  properties: { code: { type: 'string', description: 'That of a link of `hivewax ui`' } },
}

const signedIn = {
  type: 'object',
  required: ['token', 'expiresAt'],
  properties: { token: { type: 'string' }, expiresAt: { type: 'string', format: 'date-time' } },
}

const handles = ['agent', 'incarnation', 'transaction'].map(name => ({
  $ref: `#/components/parameters/${name}`,
}))

function header(name: string, description: string): object {
  return { name, in: 'header', required: false, schema: { type: 'string' }, description }
}

/** A schema as a part of the document, where its own definitions are among those of all. */
function embedded(operation: Operation): JsonSchema {
  const { $schema, $defs, ...schema } = inputSchema(z, operation) as Definitions
  return JSON.parse(JSON.stringify(schema).replaceAll(ownPrefix, sharedPrefix(operation)))
}

function definitionsOf(operation: Operation): [string, object][] {
  const { $defs = {} } = inputSchema(z, operation) as Definitions
  return Object.entries($defs).map(([name, schema]) => [
    `${operation.name}.${name}`,
    JSON.parse(JSON.stringify(schema).replaceAll(ownPrefix, sharedPrefix(operation))),
  ])
}

function operationPath(operation: Operation): [string, object] {
  const schema = embedded(operation)
  const body = { required: true, content: { 'application/json': { schema } } }
  const post = { ...shared(operation, ''), parameters: handles, requestBody: body }
  if (operation.effect !== 'read') return [`/v1/${pathOf(operation)}`, { post }]
  const get = { ...shared(operation, '.get'), parameters: [...handles, ...queryOf(schema)] }
  return [`/v1/${pathOf(operation)}`, { get, post }]
}

function shared(operation: Operation, suffix: string): object {
  const { name, summary, effect, permission } = operation
  const success =
    effect === 'read'
      ? { 200: { description: 'The result', content: { 'application/json': { schema: {} } } } }
      : {
          200: { description: 'What it did', content: { 'application/json': { schema: {} } } },
          204: { description: 'Done; there is nothing to tell' },
        }
  return {
    operationId: `${name}${suffix}`,
    summary,
    tags: [name.slice(0, name.indexOf('.'))],
    description: `Needs the permission \`${permission}\`.`,
    responses: { ...success, default: { $ref: '#/components/responses/Problem' } },
  }
}

function queryOf({ properties = {}, required = [] }: JsonSchema): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

/** Signs in; begins, commits and rolls back a transaction. */
const otherPaths: [string, object][] = [
  [
    '/v1/sign-in',
    {
      post: {
        operationId: 'sign-in',
        summary: "Exchange the code of a link, once, for a token of the owner's that ends after half a day",
        tags: ['sign-in'],
        security: [],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/SignIn' } } },
        },
        responses: {
          200: {
            description: 'Signed in',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/SignedIn' } } },
          },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
  ],
  [
    '/v1/transactions',
    {
      post: {
        operationId: 'transactions.begin',
        summary: 'Open a transaction, or a savepoint in one; it is rolled back after timeoutMs',
        tags: ['transactions'],
        parameters: handles.slice(0, 2),
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Begin' } } } },
        responses: {
          200: {
            description: 'It is open',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Begun' } } },
          },
          default: { $ref: '#/components/responses/Problem' },
        },
      },
    },
  ],
  ['/v1/transactions/{id}/commit', { post: ending('transactions.commit', 'Commit a transaction') }],
  ['/v1/transactions/{id}', { delete: ending('transactions.rollback', 'Roll a transaction back') }],
]

function ending(operationId: string, summary: string): object {
  return {
    operationId,
    summary,
    tags: ['transactions'],
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    responses: { 204: { description: 'Done' }, default: { $ref: '#/components/responses/Problem' } },
  }
}

function streamPath([path, { summary, query }]: [string, { summary: string; query: readonly string[] }]): [
  string,
  object,
] {
  const parameters = [
    ...query.map(name => ({ name, in: 'query', required: false, schema: { type: 'string' } })),
    header('last-event-id', 'Go on after this one, as browsers do by themselves'),
  ]
  const get = {
    operationId: path.replace('/', '.'),
    summary,
    tags: [path.slice(0, path.indexOf('/'))],
    description: 'Server-sent events. Needs the permission `memory:read`.',
    parameters,
    responses: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
  return [`/v1/${path}`, { get }]
}
