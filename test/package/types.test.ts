import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/memory.ts'

const root = path.join(import.meta.dirname, '../..')
const declarations = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-declarations-'))
afterAll(() => fs.rmSync(declarations, { recursive: true, force: true }))

/** Without an error, says nothing. */
function tsc(folder: string, args: readonly string[]): string {
  const { stdout } = spawnSync(path.join(root, 'node_modules/.bin/tsc'), args, {
    cwd: folder,
    encoding: 'utf8',
  })
  return stdout
}

tsc(root, ['-p', 'tsconfig.build.json', '--noCheck', '--emitDeclarationOnly', '--outDir', declarations])

/** A project that has hivewax and these packages installed, and nothing else. */
function consumer(program: string, packages: readonly string[]): string {
  const folder = scratchFolder()
  const modules = path.join(folder, 'node_modules')
  fs.mkdirSync(path.join(modules, 'hivewax'), { recursive: true })
  fs.cpSync(path.join(root, 'package.json'), path.join(modules, 'hivewax/package.json'))
  fs.cpSync(declarations, path.join(modules, 'hivewax/dist'), { recursive: true })
  for (const name of packages) {
    fs.mkdirSync(path.dirname(path.join(modules, name)), { recursive: true })
    fs.symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name))
  }
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  fs.writeFileSync(path.join(folder, 'main.ts'), program)
  return folder
}

const strict = [
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--skipLibCheck',
  'false',
  '--target',
  'es2022',
]
const resolutions = [
  ['--module', 'node16', '--moduleResolution', 'node16'],
  ['--module', 'nodenext', '--moduleResolution', 'nodenext'],
  ['--module', 'preserve', '--moduleResolution', 'bundler'],
]

const ofNode = ['@types/node', 'undici-types']
const plain = `
import { GiveUp, type OpenOptions, openMemory, type Task } from 'hivewax'
import { HivewaxMemoryTool } from 'hivewax/memory-tool'

const options: OpenOptions = { durability: 'normal', maxConnections: 3, schema: 'swarm' }
await using memory = await openMemory(':memory:', options)
const { revision } = await memory.store('colour', { of: 'wax' }, { namespace: 'hive', ttl: 60 })
const task: Task = await memory.tasks.create({ description: String(revision) })
await memory.tasks.work(async ({ id }) => { if (id !== task.id) throw new GiveUp('not mine') }, { signal: AbortSignal.timeout(1) })
export const tool = new HivewaxMemoryTool(memory)
// @ts-expect-error the declarations are those of the library, and not any
await memory.store(1)
`

describe('the types of the package', () => {
  for (const resolution of resolutions) {
    it(`compile, libraries checked too, where no optional peer is installed: ${resolution.at(-1)}`, () => {
      const folder = consumer(plain, ofNode)
      expect(tsc(folder, [...strict, ...resolution, 'main.ts'])).toBe('')
    })
  }
})
