/** A queue that gives out the item of least cost first. */
export class Heap<T> {
  readonly #items: { cost: number; item: T }[] = []

  push(cost: number, item: T): void {
    const items = this.#items
    let place = items.push({ cost, item }) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (this.#costAt(parent) <= cost) return
      this.#swap(place, parent)
      place = parent
    }
  }

  /** Undefined when nothing is left. */
  pop(): T | undefined {
    const items = this.#items
    this.#swap(0, items.length - 1)
    const least = items.pop()
    for (let place = 0; ; ) {
      const left = 2 * place + 1
      const child = this.#costAt(left + 1) < this.#costAt(left) ? left + 1 : left
      if (this.#costAt(child) >= this.#costAt(place)) return least?.item
      this.#swap(place, child)
      place = child
    }
  }

  #costAt(place: number): number {
    return this.#items[place]?.cost ?? Number.POSITIVE_INFINITY
  }

  #swap(a: number, b: number): void {
    const [itemA, itemB] = [this.#items[a], this.#items[b]]
    if (itemA === undefined || itemB === undefined) return
    this.#items[a] = itemB
    this.#items[b] = itemA
  }
}
