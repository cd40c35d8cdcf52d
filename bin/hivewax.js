#!/usr/bin/env node
// Written so that Node 12 still parses it and can be told that it is too old.
import { canRun, requiredNode } from './node-version.js'

if (canRun(process.versions.node)) start()
else refuse()

function start() {
  // Importing them would make namespaces of all they hold, which takes longer than `retrieve` does.
  const { existsSync } = process.getBuiltinModule('fs')
  const { createRequire, enableCompileCache } = process.getBuiltinModule('module')
  enableCompileCache()
  // In a checkout the source is what counts: a bundle may be older than it. The package has no source.
  const source = new URL('../src/cli/main.ts', import.meta.url)
  if (existsSync(source)) import(source.href)
  else createRequire(import.meta.url)('../dist/bundle/main.cjs')
}

function refuse() {
  process.stderr.write(
    `hivewax needs Node ${requiredNode} or newer; this is Node ${process.versions.node}. ` +
      'Install it from https://nodejs.org, or run: npx -p node@24 -p hivewax hivewax …\n',
  )
  // A hook that fails would stop the agent it serves.
  process.exitCode = process.argv[2] === 'hook' ? 0 : 2
}
