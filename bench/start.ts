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
  const library = `const { DatabaseSync } = require('node:sqlite')
    new DatabaseSync(${JSON.stringify(file)}).prepare('select value from memory_store').get()`
  const trials = [
    { name: 'node -e 0', run: () => node('-e', '0') },
    { name: 'node:sqlite, open and get', run: () => node('-e', library) },
    {
      name: 'hivewax retrieve, from source',
      run: () => node(path.join(root, 'bin/hivewax.js'), 'retrieve', 'greeting'),
    },
  ]
  if (fs.existsSync(path.join(root, 'dist/bundle'))) {
    const installed = installedCopy()
    trials.push({
      name: 'hivewax retrieve, as installed',
      run: () => node(installed, 'retrieve', 'greeting'),
    })
  }
  return [await compare('start to end of a process', trials, parameter(size, 1, 40))]
}

/** The command as the package has it: where there are no sources, it runs the bundle. */
function installedCopy(): string {
  const folder = path.join(benchFolder(), 'hivewax')
  for (const part of ['package.json', 'bin', 'dist/bundle']) {
    fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
  }
  return path.join(folder, 'bin/hivewax.js')
}
