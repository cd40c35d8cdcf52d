const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** Whether it is an id that we have made, and no name that somebody has chosen. */
export function isOurId(value: unknown): boolean {
  return typeof value === 'string' && uuid.test(value)
}

const shortest = 8

/** The ids that we make, each cut to the same length, at which all that differ still do; other texts stay. */
export function shortIds(texts: readonly string[]): string[] {
  const ids = [...new Set(texts.filter(isOurId))]
  let length = shortest
  while (new Set(ids.map(id => id.slice(0, length))).size < ids.length || ids[0]?.[length - 1] === '-')
    length++
  return texts.map(text => (isOurId(text) ? text.slice(0, length) : text))
}
