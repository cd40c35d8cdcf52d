import { InvalidInput } from '../errors.ts'
import type { Zod } from '../operation.ts'
import { inputSchema } from '../schemas.ts'
import { describe } from '../util/check.ts'
import type { Answer } from './answer.ts'
import { fitItems } from './budget.ts'
import { ask, type ToolCall } from './caller.ts'
import { fitted, type ListOrValue, listOrValue } from './list-answer.ts'

/** How many items a list reads when the caller does not say: more than it shows, so that it can say how many. */
const usualLimit = 100

/** Runs an operation that reads. A list is shown as an index, as much of it as fits, with where to go on. */
export async function runRead(z: Zod, call: ToolCall): Promise<Answer> {
  const { operation, input, room } = call
  const pages = new Pages(z, call)
  const list = await pages.read()
  if (!('items' in list)) return fitted(call, list.value, operation.result && input)
  // A cursor names the last key of its page, which may be long.
  const { items, isCut } = fitItems(list.items, room - (list.cursor?.length ?? 0))
  const more = list.items.length - items.length
  const cursor = more === 0 ? list.cursor : await pages.cursorAfter(items.length)
  const notes = [
    isCut && 'Long texts are cut: get one for all of it.',
    moreNote(more, list.cursor),
    list.missing > 0 && `Not all was searched: ${list.missing} changes wait to be indexed.`,
  ].filter(Boolean)
  return {
    data: items,
    ...(notes.length > 0 && { note: notes.join(' ') }),
    ...(more > 0 && { more }),
    ...(cursor !== undefined && { cursor }),
  }
}

function moreNote(more: number, cursor: string | undefined): string | undefined {
  if (more === 0) return cursor && 'There are more.'
  return `${more}${cursor === undefined ? '' : ' or more'} more.`
}

/** The pages of a list. One that has no cursor of its own is read from the start, and what was shown left out. */
class Pages {
  readonly #run: (limit: unknown) => Promise<ListOrValue>
  readonly #limit: unknown
  readonly #hasCursor: boolean
  /** How many items were shown before, of a list without a cursor. */
  readonly #shown: number

  constructor(z: Zod, { operation, input, caller }: ToolCall) {
    const { properties = {} } = inputSchema(z, operation)
    const { cursor, limit = usualLimit, ...others } = input
    const maximum = properties.limit?.maximum ?? Number.POSITIVE_INFINITY
    this.#hasCursor = 'cursor' in properties
    this.#shown = this.#hasCursor ? 0 : shownBefore(cursor)
    this.#limit = typeof limit === 'number' ? Math.min(limit + this.#shown, maximum) : limit
    this.#run = async limit => {
      const sized = 'limit' in properties || input.limit !== undefined ? { limit } : {}
      return listOrValue(
        await ask(operation, { ...others, ...sized, ...(this.#hasCursor && { cursor }) }, caller),
      )
    }
  }

  async read(): Promise<ListOrValue> {
    const list = await this.#run(this.#limit)
    return 'items' in list ? { ...list, items: list.items.slice(this.#shown) } : list
  }

  /** Where to go on after so many items: the list itself knows, when it is asked for no more than those. */
  async cursorAfter(count: number): Promise<string | undefined> {
    if (!this.#hasCursor) return `after:${this.#shown + count}`
    const list = await this.#run(count)
    return 'items' in list ? list.cursor : undefined
  }
}

/** What a cursor of ours says, of a list that has none of its own. */
function shownBefore(cursor: unknown): number {
  if (cursor === undefined) return 0
  const found = typeof cursor === 'string' ? /^after:(\d{1,9})$/.exec(cursor) : null
  if (found === null) throw new InvalidInput(`cursor ${describe(cursor)} is not one that this list returned`)
  return Number(found[1])
}
