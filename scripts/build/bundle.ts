import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'rolldown'

const root = path.join(import.meta.dirname, '../..')

/**
 * Describing the commands takes zod, which takes longer to load than a command takes to run: the bundle has the
 * descriptions themselves, in a file.
 */
const describedCommands: Plugin = {
  name: 'described-commands',
  async load(id) {
    if (id !== path.join(root, 'src/cli/manifest.ts')) return null
    const { manifest } = await import(pathToFileURL(id).href)
    this.emitFile({ type: 'asset', fileName: 'manifest.json', source: JSON.stringify(manifest) })
    return `
      import fs from 'node:fs'
      export const manifest = JSON.parse(fs.readFileSync(import.meta.dirname + '/manifest.json', 'utf8'))`
  },
}

/** A command runs one operation: it loads those of its domain, and not all of them. */
const operationsByDomain: Plugin = {
  name: 'operations-by-domain',
  load(id) {
    if (id !== path.join(root, 'src/cli/operation-named.ts')) return null
    const files = fs.globSync('*/operations.ts', { cwd: path.join(root, 'src') })
    const loaders = files.map(file => `${path.dirname(file)}: () => import('../${file}')`)
    return `
      const domains = { ${loaders} }
      export async function operationNamed(name) {
        const loaded = await domains[name.split('.', 1)[0]]()
        return Object.values(loaded).flat().find(operation => operation.name === name)
      }`
  },
}

/** Loading these takes as long as a `retrieve`, and few commands use them: the bundle loads them on first use. */
const lazyNodeModules: Plugin = {
  name: 'lazy-node-modules',
  renderChunk: code =>
    code.replace(
      /^let (\w+) = require\("(node:(?:crypto|util|worker_threads))"\);$/gm,
      'const $1 = new Proxy({}, { get: (_, name) => require("$2")[name] });',
    ),
}

/**
 * Bundles the command and the worker that it starts into a folder. Its few files start several times faster than
 * the hundreds that they replace.
 */
export async function bundle(folder: string): Promise<void> {
  await build(options('main', 'src/cli/main.ts', folder))
  // By itself: what it shared with the command would be one more file for the command to load.
  await build(options('worker', 'src/db/sqlite/worker.ts', folder))
}

function options(name: string, file: string, dir: string): BuildOptions {
  return {
    input: { [name]: path.join(root, file) },
    cwd: root,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    plugins: [describedCommands, operationsByDomain, lazyNodeModules],
    output: {
      dir,
      // An import of one of Node's own modules makes a namespace of all that it holds, which for `fs` loads the
      // streams; `require` does not.
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      // Less to read at every start; names stay, so that stacks can be read.
      minify: { compress: true, mangle: false },
    },
  }
}
