import type { Memory } from '../../src/memory.ts'

/** The keys that a search finds, best first. */
export async function keysFound(
  memory: Pick<Memory, 'find'>,
  text: string,
  options?: Parameters<Memory['find']>[1],
): Promise<string[]> {
  return (await memory.find(text, options)).map(found => ('key' in found ? found.key : found.in))
}
