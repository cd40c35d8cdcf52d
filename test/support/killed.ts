import { startChild } from './child.ts'

/** Kills a process while it writes to a store, whose log it so leaves behind. Returns what it was told is stored. */
export async function killedAfterStoring(file: string): Promise<{ key: string; value: string }> {
  const writer = startChild('find-writes', file, 'w', 5)
  await writer.until(line => line.startsWith('stored w-4'))
  writer.process.kill('SIGKILL')
  await writer.exited
  const [, key = '', word = ''] = writer.lines.findLast(line => line.startsWith('stored'))?.split(' ') ?? []
  return { key, value: `text of w ${word}` }
}
