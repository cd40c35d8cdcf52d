import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'
import { canRun } from '../../bin/node-version.js'

/** The path of a Node in PATH that is too old for hivewax; without one the test is skipped and says so. */
export function oldNode(context: TestContext): string {
  const nodes = (process.env.PATH ?? '').split(delimiter).map(directory => join(directory, 'node'))
  const found = nodes.find(isTooOld)
  if (found === undefined) context.skip('there is no Node in PATH that is too old')
  return found as string // skip() has thrown otherwise
}

function isTooOld(node: string): boolean {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return status === 0 && !canRun(stdout.trim())
}
