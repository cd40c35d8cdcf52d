import { InvalidInput } from '../errors.ts'
import type { Texts } from './parse.ts'
import type { Printer } from './print/printer.ts'

/** Puts the standard input in the place of the value that is `-`. Only one can be. */
export async function fillFromStdin(texts: Texts, read: () => Promise<string>): Promise<void> {
  const dashes = [...texts].filter(([field, given]) => !field.isVerbatim && given.includes('-'))
  const [dash] = dashes
  if (dash === undefined) return
  if (dashes.length > 1 || dash[1].indexOf('-') !== dash[1].lastIndexOf('-')) {
    throw new InvalidInput('- stands for the standard input, which can be read only once')
  }
  const text = await read()
  texts.set(
    dash[0],
    dash[1].map(given => (given === '-' ? text : given)),
  )
}

/** The whole standard input as text, without the line end that ends it: what `echo` adds is not meant. */
export async function readStdin(print: Printer): Promise<string> {
  if (process.stdin.isTTY) print.note('reading the value from the terminal; end it with Ctrl-D')
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(Buffer.concat(chunks))
      .replace(/\r?\n$/, '')
  } catch (error) {
    throw new InvalidInput('the standard input is not UTF-8 text', {
      cause: error,
      hint: 'Encode it first, for example with base64.',
    })
  }
}
