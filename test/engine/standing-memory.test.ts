import fs from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { StandingMemory } from '../../src/standing-memory.ts'
import { emptyFile } from '../support/memory.ts'

const gone = { code: 'store_gone' }
const read = (memory: Memory) => memory.retrieve('k')

/** A standing memory whose store holds something, and what it says of being opened anew. */
async function standing() {
  const file = emptyFile()
  const whys: unknown[] = []
  const memory = await StandingMemory.open({
    open: () => openMemory(file, { background: false }),
    onReopened: (_, why) => whys.push(why),
  })
  onTestFinished(() => memory.close())
  await memory.call(each => each.store('k', 'old'))
  const lose = () => ['', '-wal', '-shm'].forEach(end => void fs.rmSync(file + end))
  return { memory, lose, whys }
}

it('tells the next caller of a store that was lost while nobody called, and no other', async () => {
  const { memory, lose, whys } = await standing()
  const present = await memory.present()
  const noticed = new Promise(resolve => present.on('store_gone', resolve))
  lose()
  await noticed
  await expect(memory.call(read)).rejects.toMatchObject(gone)
  expect(await memory.call(read)).toBeUndefined()
  expect(whys).toMatchObject([gone])
})

it('tells those of it who call when it is noticed, and nobody after them', async () => {
  const { memory, lose, whys } = await standing()
  lose()
  for (const { reason } of (await Promise.allSettled([memory.call(read), memory.call(read)])) as never[])
    expect(reason).toMatchObject(gone)
  expect(await memory.call(read)).toBeUndefined()
  expect(whys).toMatchObject([gone])
})
