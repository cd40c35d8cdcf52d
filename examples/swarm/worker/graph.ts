import path from 'node:path'

/** A file's place among the others. */
export interface GraphNode {
  imports: string[]
  importedBy: string[]
}

export interface ImportGraph {
  /** Only files that import one of the others, or are imported. */
  files: Map<string, GraphNode>
  /** How many imports lead from one file to another. */
  links: number
  /** What comes from elsewhere, with how many files import it, most first. */
  packages: [name: string, count: number][]
}

type Imports = ReadonlyMap<string, readonly string[]>

/** Who imports whom, from what each file says that it imports. */
export function buildGraph(importsByFile: Imports): ImportGraph {
  const files = new Map<string, GraphNode>()
  const packages = new Map<string, number>()
  let links = 0
  for (const [file, specifiers] of importsByFile) {
    const targets = specifiers.map(specifier => ({
      specifier,
      file: findFile(file, specifier, importsByFile),
    }))
    const own = new Set(
      targets.map(target => target.file).filter(target => target !== undefined && target !== file),
    )
    const foreign = new Set(
      targets.filter(target => target.file === undefined).map(target => packageOf(target.specifier)),
    )
    for (const target of own) {
      if (target === undefined) continue
      nodeOf(files, file).imports.push(target)
      nodeOf(files, target).importedBy.push(file)
      links++
    }
    for (const name of foreign) if (name !== undefined) packages.set(name, (packages.get(name) ?? 0) + 1)
  }
  return { files, links, packages: [...packages].sort((a, b) => b[1] - a[1]) }
}

function nodeOf(files: Map<string, GraphNode>, file: string): GraphNode {
  const node = files.get(file) ?? { imports: [], importedBy: [] }
  files.set(file, node)
  return node
}

const endings = [
  '',
  '.ts',
  '.tsx',
  '.js',
  '.jsx',
  '.mjs',
  '.vue',
  '.svelte',
  '.py',
  '.rs',
  '.rb',
  '.h',
  '.sh',
  '.css',
]
const indexes = ['/index.ts', '/index.tsx', '/index.js', '/__init__.py', '/mod.rs']

/** The file that an import means, or undefined when none of the known files can be it. */
export function findFile(
  from: string,
  specifier: string,
  known: { has(file: string): boolean },
): string | undefined {
  return places(from, specifier)
    .flatMap(place => [...endings, ...indexes].map(ending => place + ending))
    .find(file => known.has(file))
}

/** Where the file can be, without its ending: every language has its own way to say it. */
function places(from: string, specifier: string): string[] {
  const folder = path.posix.dirname(from)
  const beside = path.posix.join(folder, specifier)
  // TypeScript also imports './x.ts' by the name of what it compiles to.
  if (/^\.{1,2}\//.test(specifier)) return [beside, beside.replace(/\.([mc]?)js$/, '.$1ts')]
  if (from.endsWith('.py')) return pythonPlaces(folder, specifier)
  if (from.endsWith('.rs')) return rustPlaces(from, folder, specifier)
  return [beside, specifier]
}

/** `a.b` is `a/b` from the root or beside; each leading dot after the first goes one folder up. */
function pythonPlaces(folder: string, specifier: string): string[] {
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/.exec(specifier) ?? []
  const name = rest.replaceAll('.', '/')
  if (dots === '') return [name, path.posix.join(folder, name)]
  return [path.posix.join(folder, ...Array(dots.length - 1).fill('..'), name)]
}

/** `mod x` is a file beside, or in the folder that bears the file's name; `use crate::x` starts at `src`. */
function rustPlaces(from: string, folder: string, specifier: string): string[] {
  const [first = '', second = ''] = specifier.split('::')
  if (first === 'crate') return [`src/${second}`]
  return [path.posix.join(folder, first), path.posix.join(from.replace(/\.rs$/, ''), first)]
}

/** The name under which an import from elsewhere is counted; undefined for a file that is not there. */
function packageOf(specifier: string): string | undefined {
  if (/^[./]/.test(specifier)) return undefined
  const [first = specifier, second] = specifier.split(/\/|::/)
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first
}
