// npm's pre-scripts call this: it installs what is missing, and returns within milliseconds when nothing is.
// Any Node from 20 on may run it, before the first dependency is there: so plain JavaScript, and no imports
// but Node's own and its neighbours, those of the rare case only when it comes.
import { fileURLToPath } from 'node:url'
import { isCurrent } from './setup/stamp.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

async function setUp() {
  if (isCurrent(root)) return
  const { withLock } = await import('./setup/lock.mjs')
  const { install } = await import('./setup/install.mjs')
  // Asked again inside, since another set-up may have done the work in the meantime.
  await withLock(root, () => !isCurrent(root) && install(root))
}

try {
  await setUp()
} catch (error) {
  process.stderr.write(`hivewax: the set-up failed: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
