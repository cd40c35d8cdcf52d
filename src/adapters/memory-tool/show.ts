import { InvalidInput } from '../../errors.ts'
import type { MemoryRecord } from '../../kv/record.ts'
import { contentOf } from './folder.ts'

const maxLines = 999_999
const numberWidth = String(maxLines).length

/** What a file system shows as the size of a small folder. */
const folderSize = '4K'

/** A file with line numbers; `range` is its first and last line, -1 for the end. */
export function showFile(given: string, content: string, range: readonly number[] | undefined): string {
  const lines = content.split('\n')
  if (lines.length > maxLines) {
    const limit = maxLines.toLocaleString()
    throw new InvalidInput(`File ${given} has too many lines (${lines.length}). Maximum is ${limit} lines.`)
  }
  const [first, last] = range?.length === 2 ? range : []
  const start = Math.max(1, first ?? 1) - 1
  const end = last === undefined || last === -1 ? lines.length : last
  return `Here's the content of ${given} with line numbers:\n${numbered(lines.slice(start, end), start + 1)}`
}

export function numbered(lines: readonly string[], first: number): string {
  return lines.map((line, i) => `${String(i + first).padStart(numberWidth)}\t${line}`).join('\n')
}

interface Item {
  readonly name: string
  readonly size: string
}

/** Up to two levels below a folder, hidden items and node_modules left out. */
export async function showFolder(
  given: string,
  prefixLength: number,
  records: AsyncIterable<MemoryRecord>,
): Promise<string> {
  const items = new Map<string, Item>()
  for await (const record of records) {
    const parts = record.key.slice(prefixLength).split('/')
    for (const item of itemsOf(parts, record)) items.set(item.name, item)
  }
  const shown = [...items.values()].sort((a, b) => compareParts(a.name.split('/'), b.name.split('/')))
  const lines = shown.map(({ name, size }) => `${size}\t${given}/${name}`)
  const title = `Here're the files and directories up to 2 levels deep in ${given}`
  const listing = [`${folderSize}\t${given}`, ...lines].join('\n')
  return `${title}, excluding hidden items and node_modules:\n${listing}`
}

/** A record as the listing shows it: itself and the folders that it is in, as far down as two levels. */
function* itemsOf(parts: readonly string[], record: MemoryRecord): Generator<Item> {
  for (let depth = 1; depth <= Math.min(2, parts.length); depth++) {
    const name = parts[depth - 1] ?? ''
    if (name === '' || name.startsWith('.') || name === 'node_modules') return
    const at = parts.slice(0, depth).join('/')
    if (depth < parts.length) yield { name: `${at}/`, size: folderSize }
    else yield { name: at, size: formatSize(Buffer.byteLength(contentOf(record))) }
  }
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  const i = a.findIndex((part, i) => part !== b[i])
  return (a[i] ?? '') < (b[i] ?? '') ? -1 : 1
}

function formatSize(bytes: number): string {
  if (bytes === 0) return '0B'
  const step = Math.floor(Math.log(bytes) / Math.log(1024))
  const size = bytes / 1024 ** step
  return `${Number.isInteger(size) ? size : size.toFixed(1)}${['B', 'K', 'M', 'G'][step]}`
}
