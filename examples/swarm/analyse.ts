import { hash } from 'node:crypto'
import { languageOf } from './languages.ts'

/** What the swarm learns of one file by reading it. */
export interface Measurement {
  language: string
  bytes: number
  lines: number
  /** Of the content: the same hash means that there is nothing to measure again. */
  hash: string
  /** What it imports, as it says it. */
  imports: string[]
  /** Notes to self: lines that an author meant to come back to. */
  markers: number
  longestFunction?: LongFunction
  /** Its first heading or comment, for full-text search. */
  about?: string
  /** How it was read. */
  strategy: string
  /** Whether reading it that way found anything; absent where that cannot be known. */
  understood?: boolean
}

export interface LongFunction {
  name: string
  lines: number
}

/** The hash under which content is remembered. */
export function hashOf(content: Buffer): string {
  return hash('sha256', content).slice(0, 16)
}

/** Measures a file by its name and content. Reads nothing else, so that everybody can check the result. */
export function measure(file: string, content: Buffer): Measurement {
  if (isBinary(content)) return measureBinary(content)
  const text = content.toString('utf8')
  const { name, strategy } = languageOf(file)
  const lines = text.split('\n')
  const imports = findImports(text, strategy.imports)
  const functions = findFunctions(lines)
  const longestFunction = longest(functions)
  const about = firstSentence(text)
  const understood = strategy.understood(text, { imports, functions: functions.length })
  return {
    language: name,
    bytes: content.length,
    lines: text.endsWith('\n') || text === '' ? lines.length - 1 : lines.length,
    hash: hashOf(content),
    imports,
    markers: text.match(markerWords)?.length ?? 0,
    ...(longestFunction !== undefined && { longestFunction }),
    ...(about !== undefined && { about }),
    strategy: strategy.name,
    ...(understood !== undefined && { understood }),
  }
}

const markerWords = /\b(?:TODO|FIXME|HACK|XXX)\b/g

/** Text has no NUL characters; where there is one, it stands near the beginning. */
function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8192).includes(0)
}

function measureBinary(content: Buffer): Measurement {
  const bytes = content.length
  return {
    language: 'binary',
    bytes,
    lines: 0,
    hash: hashOf(content),
    imports: [],
    markers: 0,
    strategy: 'count bytes',
  }
}

/** A bundle can hold so many that the record would become too large. */
const maxImports = 500

function findImports(text: string, patterns: readonly RegExp[]): string[] {
  const found = patterns.flatMap(pattern => Array.from(text.matchAll(pattern), match => match[1] ?? ''))
  return [...new Set(found)].sort().slice(0, maxImports)
}

const functionHeaders = [
  /^(\s*)(?:(?:export|default|async|public|private|protected|static|pub|unsafe)\s+)*(?:function|def|fn|func|fun)\b[*]?\s*(?:\([^)]*\)\s*)?([\w$]+)/,
  /^(\s*)(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*=\s*(?:async\s*)?(?:\([^)]*\)|[\w$]+)[^=]*=>\s*\{$/,
  /^(\s+)(?:(?:async|static|public|private|protected|override|get|set)\s+)*(?!if\b|for\b|while\b|switch\b|catch\b)(#?[\w$]+)\([^)]*\)[^;=]*\{$/,
]

/** Longer lines are not headers that were written by hand. */
const longestHeader = 200

/** A heuristic that serves many languages: a function ends where the indentation of its first line returns. */
function findFunctions(lines: readonly string[]): LongFunction[] {
  return lines.flatMap((line, at) => {
    if (line.length > longestHeader) return []
    const header = functionHeaders.map(pattern => pattern.exec(line)).find(match => match !== null)
    const [, indentation = '', name] = header ?? []
    return name === undefined ? [] : [{ name, lines: endOf(lines, at, indentation.length) - at }]
  })
}

/** The line after the last one of the function whose first line is `start`. */
function endOf(lines: readonly string[], start: number, indentation: number): number {
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const depth = line.search(/\S/)
    // A line such as `): number {` still belongs to the header.
    if (depth === -1 || depth > indentation || line.startsWith(')', depth)) continue
    return /^[}\])]|^end\b/.test(line.slice(depth)) ? at + 1 : at
  }
  return lines.length
}

function longest(functions: readonly LongFunction[]): LongFunction | undefined {
  return functions.reduce<LongFunction | undefined>(
    (longest, next) => (longest === undefined || next.lines > longest.lines ? next : longest),
    undefined,
  )
}

/** The first heading or comment of a file, when it stands near its beginning. */
function firstSentence(text: string): string | undefined {
  const beginning = text.slice(0, 4096)
  const [, found] =
    /(?:^|\n)\s*(?:\/\*\*?\s*(?:\*\s+)?|\/\/+\s*|#+\s+|"""\s*|<!--\s*)([^\n]{8,})/.exec(beginning) ?? []
  return found
    ?.replace(/\s*(?:\*\/|-->|""")\s*$/, '')
    .slice(0, 160)
    .toWellFormed()
}
