import { startChild } from './child.ts'

/** A process that has the store open, and stores what it is told: `say` resolves with what came of it. */
export async function storing(file: string) {
  const child = startChild('store-lines', file)
  await child.until(line => line === 'open')
  const say = (line: string) => {
    child.process.stdin?.write(`${line}\n`)
    return child.until(said => said.endsWith(` ${line}`))
  }
  return { child, say }
}
