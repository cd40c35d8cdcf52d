import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { deltaChannelHistoryTests, validate } from '@langchain/langgraph-checkpoint-validation'
import * as vitest from 'vitest'
import { HivewaxSaver } from '../../src/adapters/langgraph.ts'
import type { Memory } from '../../src/memory.ts'
import { openMemory } from '../../src/open.ts'
import { withClient } from '../support/postgres.ts'

// The suite of LangGraph takes its framework from the globals.
Object.assign(globalThis, vitest)

const server = process.env.HIVEWAX_TEST_PG_URL ?? ''

/** Where a new, empty store is, and how to leave it behind, on each engine. */
const engines = [
  {
    name: 'sqlite',
    locate: () => path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-test-')), 'memory.db'),
    leave: async (memory: Memory, location: string) => {
      await memory.close()
      fs.rmSync(path.dirname(location), { recursive: true })
    },
  },
  {
    name: 'postgres',
    // One schema for all tests, each of which leaves it empty.
    locate: () => `${server}${server.includes('?') ? '&' : '?'}schema=langgraph_${process.pid}`,
    leave: async (memory: Memory) => {
      await memory.execute('delete from memory_store')
      await memory.close()
    },
  },
]

for (const { name, locate, leave } of engines) {
  const stores = new Map<HivewaxSaver, { memory: Memory; location: string }>()
  const initializer = {
    checkpointerName: `HivewaxSaver on ${name}`,
    async createCheckpointer() {
      const location = locate()
      const memory = await openMemory(location, { background: false })
      const saver = new HivewaxSaver(memory)
      stores.set(saver, { memory, location })
      return saver
    },
    async destroyCheckpointer(saver: HivewaxSaver) {
      const { memory, location } = stores.get(saver)!
      stores.delete(saver)
      await leave(memory, location)
    },
  }
  if (name === 'postgres') {
    vitest.afterAll(async () => {
      const schema = `langgraph_${process.pid}`
      await withClient(client => client.query(`drop schema if exists ${schema} cascade`))
    })
  }
  validate(initializer)
  deltaChannelHistoryTests(initializer)
}
