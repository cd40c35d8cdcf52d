import { expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { openScratch } from '../support/memory.ts'

const writers = ['a', 'b', 'c', 'd']
const patches = 100

it('keeps every field that four processes patch into one session at the same time', async () => {
  const memory = await openScratch()
  await memory.createSession({}, { id: 's' })
  const children = writers.map(writer => startChild('patch', memory.url, writer, patches))
  expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
  const fields = writers.flatMap(writer => Array.from({ length: patches }, (_, i) => [`${writer}/${i}`, i]))
  expect(await memory.resumeSession('s')).toEqual(Object.fromEntries(fields))
})
