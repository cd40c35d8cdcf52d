import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'rolldown'
import { isLazy } from './lazy-sources.ts'

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

/**
 * Node's own modules are loaded when they are used first: crypto alone takes as long as a `retrieve`. And source
 * that is all ASCII takes half the memory of any other, and is read in half the time.
 */
const quickToLoad: Plugin = {
  name: 'quick-to-load',
  renderChunk: code =>
    code.replace(
      /^let (\w+) = require\("(node:[\w/]+)"\);(?:\n\1 = .*\(\1\b.*\);)?$/gm,
      'const $1 = whenUsed(() => require("$2"));',
    ),
  generateBundle(_options, files) {
    for (const file of Object.values(files)) if (file.type === 'chunk') file.code = toAscii(file.code)
  },
}

function toAscii(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** And `performance` of Node would load all of its instruments, where the program only asks for the time. */
const prelude = `
  const whenUsed = load => {
    let loaded
    return new Proxy({}, { get: (_, name) => (loaded ??= load(), name === 'default' ? loaded : loaded[name]) })
  }
  const performance = { now: () => Number(process.hrtime.bigint()) / 1e6 }`

/**
 * Bundles the command and the worker that it starts into a folder. Its few files start several times faster than
 * the hundreds that they replace.
 */
export async function bundle(folder: string): Promise<void> {
  await build(options('main', 'src/cli/main.ts', folder))
  // By itself: what it shared with the command would be one more file for the command to load.
  await build(options('worker', 'src/db/worker/worker.ts', folder))
}

function options(name: string, file: string, dir: string): BuildOptions {
  return {
    input: { [name]: path.join(root, file) },
    cwd: root,
    platform: 'node',
    // Installed where PostgreSQL or tracing is used.
    external: ['pg', '@opentelemetry/api'],
    // What `main` of jsonc-parser names loads its parts in a way that cannot be bundled.
    resolve: { mainFields: ['module', 'main'] },
    preserveEntrySignatures: 'allow-extension',
    plugins: [describedCommands, quickToLoad],
    output: {
      dir,
      // An import of one of Node's own modules makes a namespace of all that it holds, which for `fs` loads the
      // streams; `require` does not.
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      // All else in one file: each costs more to find and open than it takes to read.
      codeSplitting: { groups: [{ name: 'core', test: id => !isLazy(id) }] },
      banner: prelude,
      // Less to read at every start; names stay, so that stacks can be read.
      minify: { compress: true, mangle: false },
    },
  }
}
