import fs from 'node:fs'
import path from 'node:path'

/** Where the old product keeps things below a project, with its main file first. `*` stands for any name. */
const places = [
  '.swarm/memory.db',
  '.swarm/*.db',
  '.swarm/*.json',
  '.claude/memory.db',
  '.hive-mind/*.db',
  '.hive-mind/sessions/*.json',
  '.claude-flow/*.json',
  '.claude-flow/*/*.json',
  '.claude-flow/*/*.db',
  'memory/memory-store.json',
  'memory/*.json',
  'memory.jsonl',
  'memory.json',
]

/** Files of `.swarm` that are ours. */
const ours = new Set(['config.json'])

/** The files of a project in which an older memory may be. Only their place is looked at. */
export function discover(folder: string): string[] {
  const found = places.flatMap(place => expand(folder, place.split('/')))
  return [...new Set(found)].filter(file => !ours.has(path.basename(file)))
}

function expand(folder: string, [name = '', ...rest]: readonly string[]): string[] {
  const names = name.includes('*') ? matching(folder, name) : [name]
  const paths = names.map(one => path.join(folder, one))
  return rest.length === 0 ? paths.filter(isFile) : paths.flatMap(one => expand(one, rest))
}

function matching(folder: string, pattern: string): string[] {
  const [before = '', after = ''] = pattern.split('*')
  return names(folder)
    .filter(name => name.startsWith(before) && name.endsWith(after))
    .sort()
}

function names(folder: string): string[] {
  return fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? fs.readdirSync(folder) : []
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}
