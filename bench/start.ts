import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, compare, parameter, type Size } from './harness.ts'

const root = path.join(import.meta.dirname, '..')

/** Whole processes: what a command costs beside the start of Node itself. The bundle is measured when it is built. */
export async function run(size: Size): Promise<Comparison[]> {
  const file = `${benchFolder()}/memory.db`
  const memory = await openMemory(file, { background: false })
  await memory.store('greeting', 'hello')
  await memory.close()
  const env = { ...process.env, HIVEWAX_URL: file }
  const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', env }).stdout
  const compileCache = "import('node:module').then(m => m.enableCompileCache())"
  const library = `const { DatabaseSync } = require('node:sqlite')
    new DatabaseSync(${JSON.stringify(file)}).prepare('select value from memory_store').get()`
  const bundle = path.join(root, 'dist/bundle/main.js')
  const trials = [
    { name: 'node -e 0', run: () => node('-e', '0') },
    { name: 'node:sqlite, open and get', run: () => node('-e', library) },
    {
      name: 'hivewax retrieve, from source',
      run: () => node(path.join(root, 'bin/hivewax.js'), 'retrieve', 'greeting'),
    },
  ]
  if (fs.existsSync(bundle)) {
    const start = `${compileCache}.then(() => import(${JSON.stringify(bundle)}))`
    trials.push({
      name: 'hivewax retrieve, bundled',
      run: () => node('-e', start, '--', 'retrieve', 'greeting'),
    })
  }
  return [await compare('start to end of a process', trials, parameter(size, 1, 40))]
}
