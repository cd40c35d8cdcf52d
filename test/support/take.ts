/** The first `count` items of a stream that may never end; the stream is left after them. */
export async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const items: T[] = []
  if (count === 0) return items
  for await (const item of stream) if (items.push(item) === count) break
  return items
}
