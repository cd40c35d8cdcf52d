// Adds COUNT lines to /memories/log.md with the memory tool, each after its first line.
import { HivewaxMemoryTool } from '../../src/adapters/memory-tool.ts'
import { openMemory } from '../../src/open.ts'

const [file, name, count] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, durability: 'normal', busyTimeoutMs: 60_000 })
const tool = new HivewaxMemoryTool(memory)
for (let i = 0; i < Number(count); i++) {
  const text = `${name} ${i}`
  await tool.insert({ command: 'insert', path: '/memories/log.md', insert_line: 1, insert_text: text })
}
await memory.close()
