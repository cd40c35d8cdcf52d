// Makes dist/: the library as tsc emits it, one file per source file, and the CLI in dist/bundle/, whose few
// files start several times faster than the hundred or so that they replace.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'rolldown'

const root = join(import.meta.dirname, '..')
const inRoot = (path: string) => join(root, path)

/**
 * Describing the commands takes zod, which takes longer to load than a command takes to run: the bundle holds the
 * descriptions themselves. As JSON text, since that is read faster than the same as code.
 */
const describedCommands: Plugin = {
  name: 'described-commands',
  async load(id) {
    if (id !== inRoot('src/cli/manifest.ts')) return null
    const { manifest } = await import(pathToFileURL(id).href)
    return `export const manifest = JSON.parse(${JSON.stringify(JSON.stringify(manifest))})`
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
 * As CommonJS, since an import of one of Node's own modules makes a namespace of all that it holds, which for `fs`
 * loads the streams. The worker is built by itself: what it shares with the command would be a file more to load.
 */
function bundle(input: Record<string, string>): BuildOptions {
  return {
    input,
    cwd: root,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    plugins: [describedCommands, lazyNodeModules],
    output: {
      dir: inRoot('dist/bundle'),
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
    },
  }
}

rmSync(inRoot('dist'), { recursive: true, force: true })
runTsc()
await build(bundle({ main: 'src/cli/main.ts' }))
await build(bundle({ worker: 'src/db/sqlite/worker.ts' }))

/** Ends this process too when there are errors; tsc has printed them. */
function runTsc(): void {
  const args = ['-p', 'tsconfig.build.json']
  const { status } = spawnSync(inRoot('node_modules/.bin/tsc'), args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
