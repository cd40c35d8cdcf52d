import fs from 'node:fs'
import path from 'node:path'

/** One source file imports another, named by their paths in the tree. */
export interface Import {
  from: string
  to: string
  typeOnly: boolean
  /** Loads when it is called for, and not with the file. */
  isLazy: boolean
}

/** The text of each TypeScript file below a folder, by its path there. */
export function readTree(folder: string): Map<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const texts = files.filter(file => file.endsWith('.ts'))
  return new Map(texts.map(file => [file, fs.readFileSync(path.join(folder, file), 'utf8')]))
}

/** All imports of files of the tree by each other: fixed, lazy, and by exporting on. */
export function importsOf(tree: ReadonlyMap<string, string>): Import[] {
  return [...tree].flatMap(([from, text]) => {
    const found = text.matchAll(
      /(?:^|\n)(?:import|export)\s+(type\s)?([^'";]*?)\s*from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g,
    )
    return [...found].map(([, type, names, fixed, lazy]) => ({
      from,
      to: path.join(path.dirname(from), fixed ?? lazy ?? ''),
      typeOnly: type !== undefined || onlyTypes(names),
      isLazy: lazy !== undefined,
    }))
  })
}

function onlyTypes(names = ''): boolean {
  const list = /\{([\s\S]*)\}/.exec(names)?.[1]?.split(',') ?? []
  const named = list.map(name => name.trim()).filter(Boolean)
  return named.length > 0 && named.every(name => name.startsWith('type '))
}

/** What files below `folder` import from outside of it. */
export function leavingFolder(imports: readonly Import[], folder: string): Import[] {
  const isInside = (file: string) => file.startsWith(folder + path.sep)
  return imports.filter(({ from, to }) => isInside(from) && !isInside(to))
}

/**
 * Groups of files each of which leads to all others of its group and back to itself, by imports of values. Lazy ones
 * are left out: they run when the files of the group are loaded.
 */
export function valueCycles(imports: readonly Import[]): string[][] {
  const next = Map.groupBy(
    imports.filter(({ typeOnly, isLazy }) => !typeOnly && !isLazy),
    ({ from }) => from,
  )
  const reached = new Map([...next.keys()].map(from => [from, reachable(from, next)]))
  const inCycles = [...reached.keys()].filter(file => reached.get(file)?.has(file)).sort()
  const groups = inCycles.map(file =>
    inCycles.filter(other => reached.get(file)?.has(other) && reached.get(other)?.has(file)),
  )
  return [...new Map(groups.map(group => [group.join(), group])).values()]
}

/** The files that a file leads to; itself only by a way back. */
function reachable(from: string, next: ReadonlyMap<string, readonly Import[]>): Set<string> {
  const seen = new Set<string>()
  const open = [from]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const { to } of next.get(file) ?? []) {
      if (seen.has(to)) continue
      seen.add(to)
      open.push(to)
    }
  }
  return seen
}
