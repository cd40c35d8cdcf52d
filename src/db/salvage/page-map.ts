import { mapBegin, type PageImage } from './page-image.ts'

/** What the map says of a page, https://sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages */
const [root, free, , , inner] = [1, 2, 3, 4, 5]

/** In a tree no page is further from its root. */
const maxDepth = 30

/** The tree that a page is of: the number of its root, `free` for a page of none, undefined where the map does not say. */
export type Owner = number | 'free' | undefined

interface Entry {
  readonly type: number
  readonly parent: number
}

/** The entry of a map at an offset; undefined where it says nothing. */
function entryIn(map: Buffer, at: number): Entry | undefined {
  if (map.length < at + 5 || map[at] === 0) return undefined
  return { type: map.readUInt8(at), parent: map.readUInt32BE(at + 1) }
}

/** Says of pages to which tree they belong, though what leads from the root to them is damaged. */
export class PageMap {
  readonly #image: PageImage
  readonly #isThere: boolean
  readonly #entries: number

  constructor(image: PageImage) {
    this.#image = image
    this.#entries = Math.floor(image.pageSize / 5)
    this.#isThere = image.page(2).subarray(0, mapBegin.length).equals(mapBegin)
  }

  ownerOf(page: number): Owner {
    let at = page
    for (let depth = 0; depth < maxDepth && this.#isThere; depth++) {
      const entry = this.#entry(at)
      if (entry?.type === root) return at
      if (entry?.type === free) return 'free'
      if (entry?.type !== inner) return undefined
      at = entry.parent
    }
    return undefined
  }

  #entry(page: number): Entry | undefined {
    if (page === 1) return { type: root, parent: 0 }
    const map = Math.floor((page - 2) / (this.#entries + 1)) * (this.#entries + 1) + 2
    if (page <= map) return undefined
    const at = 5 * (page - map - 1)
    // Of a page that came after the damage of the log only a map behind the damage knows.
    return entryIn(this.#image.page(map), at) ?? entryIn(this.#behindDamage(map), at)
  }

  #behindDamage(page: number): Buffer {
    return this.#image.behindDamage.findLast(({ number }) => number === page)?.bytes ?? Buffer.alloc(0)
  }
}
