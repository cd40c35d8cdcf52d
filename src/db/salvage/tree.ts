import type { PageImage } from './page-image.ts'
import { varint } from './record.ts'

/** Of a table with row ids, whose rows are in its leaves; or of an index, and of a table without row ids. */
export type Kind = 'table' | 'index'

/** What lies on a page of a tree, https://sqlite.org/fileformat2.html#b_tree_pages */
interface Cell {
  /** The page below, whose keys are not above this one; absent in a leaf. */
  readonly child?: number
  /** In a table with row ids. */
  readonly rowid?: number
  /** The record; absent in the inner pages of a table with row ids. */
  readonly payload?: Buffer
}

export interface TreePage {
  readonly kind: Kind
  readonly isLeaf: boolean
  /** In the order of their keys; undefined for what cannot be read. */
  readonly cells: readonly (Cell | undefined)[]
  /** The page below with the largest keys. */
  readonly lastChild?: number
}

const types: Readonly<Record<number, Pick<TreePage, 'kind' | 'isLeaf'>>> = {
  2: { kind: 'index', isLeaf: false },
  5: { kind: 'table', isLeaf: false },
  10: { kind: 'index', isLeaf: true },
  13: { kind: 'table', isLeaf: true },
}

/** Reads a page as one of a tree; undefined when it is none. The first page has the header of the file before it. */
export function readTreePage(image: PageImage, bytes: Buffer, begin = 0): TreePage | undefined {
  const type = types[bytes[begin] ?? 0]
  const headerLength = type?.isLeaf ? 8 : 12
  if (type === undefined || bytes.length < begin + headerLength) return undefined
  const count = bytes.readUInt16BE(begin + 3)
  const pointers = begin + headerLength
  // No cell is shorter than four bytes.
  if (pointers + count * 4 > image.pageSize) return undefined
  const cells = Array.from({ length: count }, (_, i) =>
    unlessDamaged(() => readCell(image, bytes, { ...type, at: bytes.readUInt16BE(pointers + 2 * i) })),
  )
  return { ...type, cells, ...(!type.isLeaf && { lastChild: bytes.readUInt32BE(begin + 8) }) }
}

interface Place {
  kind: Kind
  isLeaf: boolean
  at: number
}

function readCell(image: PageImage, bytes: Buffer, { kind, isLeaf, at }: Place): Cell {
  const child = isLeaf ? {} : { child: bytes.readUInt32BE(at) }
  const begin = isLeaf ? at : at + 4
  if (kind === 'table' && !isLeaf) return { ...child, rowid: varint(bytes, begin)[0] }
  const [length, next] = varint(bytes, begin)
  if (kind === 'index') return { ...child, payload: readPayload(image, bytes, { kind, at: next, length }) }
  const [rowid, after] = varint(bytes, next)
  return { rowid, payload: readPayload(image, bytes, { kind, at: after, length }) }
}

/** A record, with what of it lies on pages of its own, https://sqlite.org/fileformat2.html#cell_payload_overflow_pages */
function readPayload(
  image: PageImage,
  bytes: Buffer,
  { kind, at, length }: { kind: Kind; at: number; length: number },
) {
  const here = localLength(image.pageSize, kind, length)
  if (here === length) return slice(bytes, at, length)
  const parts = [slice(bytes, at, here)]
  let left = length - here
  let page = bytes.readUInt32BE(at + here)
  if (left > image.count * image.pageSize) throw new RangeError('a record is larger than the file')
  while (left > 0) {
    const overflow = image.page(page)
    const part = slice(overflow, 4, Math.min(left, image.pageSize - 4))
    parts.push(part)
    left -= part.length
    page = overflow.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

function localLength(pageSize: number, kind: Kind, length: number): number {
  const most = kind === 'table' ? pageSize - 35 : Math.floor(((pageSize - 12) * 64) / 255) - 23
  if (length <= most) return length
  const least = Math.floor(((pageSize - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (pageSize - 4))
  return fitting <= most ? fitting : least
}

function slice(bytes: Buffer, from: number, length: number): Buffer {
  if (length < 0 || from + length > bytes.length) throw new RangeError('a page is cut off')
  return bytes.subarray(from, from + length)
}

/** What `read` gives; undefined where the bytes make no sense. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}
