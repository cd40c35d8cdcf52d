import readline from 'node:readline/promises'
import { isTerminal } from './print/output.ts'

/** Asks on the terminal, on the standard error; undefined when the input or the error output is not one. */
export async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !isTerminal(2)) return undefined
  const reader = readline.createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await reader.question(question)
  } finally {
    reader.close()
  }
}
