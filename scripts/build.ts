// Makes dist/: the library as tsc emits it, one file per source file, the command line in dist/bundle/, and the pages of
// the dashboard in dist/dashboard/.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './build/bundle.ts'
import { buildDashboard } from './build/dashboard.ts'

const root = join(import.meta.dirname, '..')
const inRoot = (path: string) => join(root, path)

rmSync(inRoot('dist'), { recursive: true, force: true })
runTsc()
await bundle(inRoot('dist/bundle'))
buildDashboard()

/** Ends this process too when there are errors; tsc has printed them. */
function runTsc(): void {
  const args = ['-p', 'tsconfig.build.json']
  const { status } = spawnSync(inRoot('node_modules/.bin/tsc'), args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
