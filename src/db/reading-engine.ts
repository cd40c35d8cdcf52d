import { type ReadOnly, refusal } from '../util/write-refusal.ts'
import type { Engine } from './engine.ts'

/** What `doctor` looks at for the sake of those only who write: the mode of the log, its size, rights and room. */
const matterToWriters = new Set(['journal', 'log', 'permissions', 'disk', 'writing'])

/** The upkeep of a store that is only read: what would write to it is refused. */
export function readingEngine(engine: Engine, why: ReadOnly): Engine {
  const refuse = async (): Promise<never> => {
    throw refusal(why)
  }
  return {
    scan: query => engine.scan(query),
    facts: () => engine.facts(),
    extents: () => engine.extents(),
    plan: text => engine.plan(text),
    copyTo: (target, options) => engine.copyTo(target, options),
    salvage: (source, target, options) => engine.salvage(source, target, options),
    assertReplaceable: file => engine.assertReplaceable(file),
    clearBeside: file => engine.clearBeside(file),
    assertNotOpen: file => engine.assertNotOpen(file),
    checks: async options => [
      ...(await engine.checks(options)).filter(({ name }) => !matterToWriters.has(name)),
      { name: 'writing', ok: true, message: `the memory is only read: ${why.why}`, fix: why.hint },
    ],
    vacuum: refuse,
    optimize: refuse,
    reindex: refuse,
    replaceWith: refuse,
    tidy: refuse,
  }
}
