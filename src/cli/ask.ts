import readline from 'node:readline'
import { isTerminal } from './print/standard-streams.ts'

/** Asks on the terminal, on the standard error; undefined when the input or the error output is not one. */
export async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !isTerminal(2)) return undefined
  const reader = readline.createInterface({ input: process.stdin, output: process.stderr })
  // Reading the terminal, the reader takes Ctrl-C for itself.
  reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await askWith(reader, question)
  } finally {
    reader.close()
  }
}

/** Asks with a reader of lines; an input that ends, by Ctrl-D, is an empty answer. */
export function askWith(reader: readline.Interface, question: string): Promise<string> {
  return new Promise(resolve => {
    reader.once('close', () => resolve(''))
    reader.question(question, resolve)
  })
}
