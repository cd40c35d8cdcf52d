import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { openScratch } from '../support/memory.ts'
import { blocks, runBlock } from './blocks.ts'

const hourMs = 3_600_000

it("selects by the document's datetime('now', …) queries exactly what lies within the day and the hour", async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const realNow = Date.now()
  for (const hoursAgo of [0.1, 0.9, 1.1, 6, 12, 23.9, 24.1, 36]) {
    clock.setWall(realNow - hoursAgo * hourMs)
    await memory.metrics.record('response_time', hoursAgo)
    const { id } = await memory.tasks.create({ id: `${hoursAgo} h ago`, description: 'x' })
    const [claimed] = await memory.tasks.claim({ agentId: 'a' })
    await memory.tasks.complete({ id, token: claimed!.token, result: null })
  }
  const code = blocks('javascript').find(block => block.startsWith('// Complex queries with SQL')) ?? ''
  const { recentTasks, avgResponseTime } = await runBlock(code, { memory })
  const ids = (recentTasks as { id: string }[]).map(task => task.id)
  expect(ids).toEqual(['0.1 h ago', '0.9 h ago', '1.1 h ago', '6 h ago', '12 h ago', '23.9 h ago'])
  expect(avgResponseTime).toEqual([{ avg_time: 0.5 }])
})
