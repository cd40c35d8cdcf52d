import type { PageImage } from './page-image.ts'
import { decodeRecord, type Value } from './record.ts'
import { type Kind, readTreePage, type TreePage, unlessDamaged } from './tree.ts'

/** A tree whose pages are read from its root. */
export interface Tree {
  readonly root: number
  readonly kind: Kind
  /** Whether a page, of the right kind, can be one of it. */
  readonly accepts: (page: TreePage) => boolean
}

/** A page to which a tree leads. */
export interface Visit {
  /** Undefined when it is none of the tree, or cannot be read. */
  readonly page: TreePage | undefined
  /** In a table with row ids: those on and below it are above `after` and not above `upTo`, where that is known. */
  readonly after: number
  readonly upTo: number
}

/** The pages of a tree, as far as they can be reached. Those that were visited are noted in `visited`, and none twice. */
export function* walk(
  image: PageImage,
  { root, kind, accepts }: Tree,
  visited: Set<number>,
): Generator<Visit> {
  const open = [{ number: root, after: Number.NEGATIVE_INFINITY, upTo: Number.POSITIVE_INFINITY }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { number, ...ids } = next
    const page = visited.has(number) ? undefined : pageOf(image, number)
    const isOfTree = page?.kind === kind && accepts(page)
    yield { ...ids, page: isOfTree ? page : undefined }
    if (!isOfTree) continue
    visited.add(number)
    let { after } = ids
    for (const cell of page.cells) {
      if (cell?.child !== undefined) open.push({ number: cell.child, after, upTo: cell.rowid ?? ids.upTo })
      after = cell?.rowid ?? after
    }
    if (page.lastChild !== undefined) open.push({ number: page.lastChild, after, upTo: ids.upTo })
  }
}

/** A page of the image as one of a tree. */
export function pageOf(image: PageImage, number: number): TreePage | undefined {
  return readTreePage(image, image.page(number), number === 1 ? 100 : 0)
}

export interface FoundRow {
  /** Of a table with row ids. */
  readonly rowid: number | undefined
  readonly values: Value[]
}

/** The rows that lie on a page itself; undefined for each that cannot be read. */
export function rowsOn({ cells, kind, isLeaf }: TreePage): (FoundRow | undefined)[] {
  if (kind === 'table' && !isLeaf) return []
  return cells.map(cell => {
    const payload = cell?.payload
    const values = payload && unlessDamaged(() => decodeRecord(payload))
    return values && { rowid: cell?.rowid, values }
  })
}
