import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Comparison, Size } from '../bench/harness.ts'

const folder = path.join(import.meta.dirname, '../bench')
const parts = ['harness.ts', 'main.ts', 'start.ts', 'plainjob.ts', 'progress.ts', 'queues.ts', 'words.ts']
const files = fs.readdirSync(folder).filter(file => file.endsWith('.ts') && !parts.includes(file))

/** Benchmarks at their small size: they must go on running, whatever their figures. */
describe('the benchmarks', () => {
  for (const file of files) {
    it(`run: ${file}`, async () => {
      const { run }: { run(size: Size): Promise<Comparison[]> } = await import(path.join(folder, file))
      for (const { title, figures } of await run('small')) {
        expect(title).not.toBe('')
        for (const figure of figures) expect(figure.operations).toBeGreaterThan(0)
      }
    })
  }
})
