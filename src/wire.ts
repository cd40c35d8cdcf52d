/** What the HTTP server and its client know of each other: headers, and how results travel. */

/** Asks for results as {@link toWire} writes them; without it they come as plain JSON. */
export const wireHeader = 'hivewax-wire'

/** The agent in whose name the caller acts, percent-encoded, and its incarnation: see `Memory.as`. */
export const agentHeader = 'hivewax-agent'
export const incarnationHeader = 'hivewax-incarnation'

/** How long the caller waits for the answer, in milliseconds, where that is less than the server would take. */
export const timeoutHeader = 'hivewax-timeout'

/** The open transaction that a call is a part of. */
export const transactionHeader = 'hivewax-transaction'

/** Begins what JSON has no word for, and any text that begins with it. */
const mark = '\0'

/** A result as JSON that keeps times and fields that are there but undefined. */
export function toWire(result: unknown): string {
  return JSON.stringify(result, function (this: Record<string, unknown>, key, value: unknown) {
    if (value === undefined) return `${mark}u`
    // A time is text by now, but not yet in what holds it.
    if (this[key] instanceof Date) return `${mark}t${value}`
    if (typeof value === 'string' && value.startsWith(mark)) return mark + value
    return Object.is(value, -0) ? JSON.rawJSON('-0') : value
  })
}

/** What {@link toWire} wrote. */
export function fromWire(text: string): unknown {
  return revive(JSON.parse(text))
}

/** Not by JSON.parse: its reviver would drop a field that becomes undefined. */
function revive(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? reviveText(value) : value
  if (typeof value !== 'object' || value === null) return value
  // In place: no other code has what was just parsed.
  const holder = value as Record<string, unknown>
  for (const [name, item] of Object.entries(holder)) {
    const value = revive(item)
    // Not by assignment: a field may be called __proto__.
    if (value !== item)
      Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return holder
}

function reviveText(text: string): unknown {
  if (text === `${mark}u`) return undefined
  return text.startsWith(`${mark}t`) ? new Date(text.slice(2)) : text.slice(1)
}
