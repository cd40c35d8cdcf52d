import { describe } from 'vitest'
import { agents } from './conformance/agents.ts'
import { events } from './conformance/events.ts'
import { kv } from './conformance/kv.ts'
import { sessions } from './conformance/sessions.ts'
import { shared } from './conformance/shared.ts'
import type { Open, Suite } from './conformance/suite.ts'
import { workflows } from './conformance/workflows.ts'
import { openScratch } from './support/memory.ts'

const suites: Record<string, Suite> = { kv, sessions, agents, workflows, events, shared }

const engines: Record<string, Open> = { sqlite: openScratch }

for (const [engine, open] of Object.entries(engines)) {
  describe(engine, () => {
    for (const [domain, suite] of Object.entries(suites)) describe(domain, () => suite(open))
  })
}
