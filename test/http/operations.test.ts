import http from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../src/operations.ts'
import { inputsOf } from '../support/inputs.ts'

interface Call {
  path: string
  body: unknown
}

/** A handle on a server that answers nothing but `{}`, and what was called there, in order. */
async function openRecorder(
  answers: (call: Call) => boolean = () => true,
): Promise<{ memory: Memory; calls: Call[] }> {
  const calls: Call[] = []
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const call = {
        path: request.url ?? '',
        body: parts.length > 0 && JSON.parse(String(Buffer.concat(parts))),
      }
      const isCall = call.path !== '/v1/hello'
      if (isCall) calls.push(call)
      if (!isCall || answers(call)) response.end('{}')
      else request.socket.destroy()
    })
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const memory = await openMemory(`http://127.0.0.1:${port}`)
  onTestFinished(() => memory.close())
  return { memory, calls }
}

const pathOf = ({ name }: Operation) => `/v1/${name.replace('.', '/')}`

it.each(operations.map(operation => [operation.name, operation] as const))(
  '%s through a server is asked for with the very input that the library was given',
  async (name, operation) => {
    const { memory, calls } = await openRecorder()
    for (const input of fc.sample(inputsOf(operation), { numRuns: 10, seed: 1 })) {
      // Without an id it has a limit, and with one it has none.
      if (name === 'tasks.redrive' && 'id' in input) delete input.limit
      await operation.run(memory, input)
      expect(calls.pop()).toMatchObject({ path: pathOf(operation), body: input })
    }
    expect(calls).toEqual([])
  },
)

it('makes a call again whose answer was lost, if it only reads or is the same done twice', async () => {
  const lost = new Set<string>()
  const { memory, calls } = await openRecorder(({ path }) => lost.has(path) || !lost.add(path))
  const again: Operation[] = []
  for (const operation of operations) {
    const [input = {}] = fc.sample(inputsOf(operation), { numRuns: 1, seed: 1 })
    await operation.run(memory, input).catch(() => {})
    if (calls.splice(0).length > 1) again.push(operation)
  }
  const isRead = ({ effect }: Operation) => effect === 'read'
  expect(again.filter(isRead)).toEqual(operations.filter(isRead))
  expect(again.filter(operation => !isRead(operation)).map(({ name }) => name)).toEqual([
    'history.setRetention',
    'sessions.resume',
    'agents.heartbeat',
    'tasks.heartbeat',
    'tasks.heartbeatMany',
    'shared.keepAlive',
    'workflows.completeStep',
    'locks.renew',
    'reservations.renew',
  ])
})
