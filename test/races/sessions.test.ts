import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { engines } from '../support/engines.ts'

const writers = ['a', 'b', 'c', 'd']
const patches = 100

describe.each(engines)('$name', ({ open }) => {
  it('keeps every field that four processes patch into one session at the same time', async () => {
    const memory = await open()
    await memory.createSession({}, { id: 's' })
    const children = writers.map(writer => startChild('patch', memory.url, writer, patches))
    expect(await Promise.all(children.map(child => child.exited))).toEqual([0, 0, 0, 0])
    const fields = writers.flatMap(writer => Array.from({ length: patches }, (_, i) => [`${writer}/${i}`, i]))
    expect(await memory.resumeSession('s')).toEqual(Object.fromEntries(fields))
  })
})
