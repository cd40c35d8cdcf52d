import { describe } from 'vitest'
import { kv } from './conformance/kv.ts'
import type { Open, Suite } from './conformance/suite.ts'
import { openScratch } from './support/memory.ts'

const suites: Record<string, Suite> = { kv }

const engines: Record<string, Open> = { sqlite: openScratch }

for (const [engine, open] of Object.entries(engines)) {
  describe(engine, () => {
    for (const [domain, suite] of Object.entries(suites)) describe(domain, () => suite(open))
  })
}
