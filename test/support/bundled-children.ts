import fs from 'node:fs'
import path from 'node:path'
import { type BuildOptions, build } from 'rolldown'
import { madeOnce } from './folders.ts'

const root = path.join(import.meta.dirname, '../..')

/** The folder of the programs of `test/children`, bundled: they start in half of the time that their sources take. */
const folder = await madeOnce('children', bundleChildren)

/** The program `test/children/<name>.ts`. */
export function childFile(name: string): string {
  return path.join(folder, `${name}.mjs`)
}

async function bundleChildren(target: string): Promise<void> {
  const children = fs.globSync('test/children/*.ts', { cwd: root })
  await build(options(target, children))
  // By itself: it is a program too, which whatever it shared with others would start.
  await build(options(target, ['src/db/worker/worker.ts']))
  // Where the packages are, and the version.
  for (const name of ['node_modules', 'package.json'])
    fs.symlinkSync(path.join(root, name), path.join(target, name))
}

function options(dir: string, files: string[]): BuildOptions {
  return {
    input: Object.fromEntries(files.map(file => [path.basename(file, '.ts'), path.join(root, file)])),
    cwd: root,
    platform: 'node',
    external: id => !/^[./]/.test(id),
    output: { dir, entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
  }
}
