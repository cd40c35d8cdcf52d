import { StringDecoder } from 'node:string_decoder'
import { InvalidInput } from '../../errors.ts'
import { readLoosely } from '../../util/exact-json.ts'
import { defaultMaxValueBytes, type Json } from '../../util/json.ts'

/** The last words of a command that failed say why; more of them would not be read. */
const maxLastLines = 20
const maxLineLength = 1_000

/** What a command prints, of which the first MiB is kept: a larger result could not be. */
export class CommandOutput {
  readonly #chunks: Buffer[] = []
  #kept = 0
  #bytes = 0

  add(chunk: Buffer): void {
    this.#bytes += chunk.length
    const part = chunk.subarray(0, defaultMaxValueBytes - this.#kept)
    this.#kept += part.length
    if (part.length > 0) this.#chunks.push(part)
  }

  /** JSON when it is, else text, without the line end that ends it; null when there is nothing. */
  result(): Json {
    const text = Buffer.concat(this.#chunks)
      .toString()
      .replace(/\r?\n$/, '')
    const isWhole = this.#bytes === this.#kept
    if (isWhole && text === '') return null
    const value = isWhole ? outputValue(text) : text
    return isWhole && fits(value) ? value : cut(text, `… (cut; ${this.#bytes} bytes in all)`)
  }
}

/** JSON with a number that would become another one is kept as its text: what a command has done is not refused. */
function outputValue(text: string): Json {
  try {
    return readLoosely('the output', text).value
  } catch (error) {
    if (error instanceof InvalidInput) return text
    throw error
  }
}

function fits(value: Json): boolean {
  return Buffer.byteLength(JSON.stringify(value)) <= defaultMaxValueBytes
}

/** As much of the beginning as can be kept: in JSON a sign may take several times its bytes. */
function cut(text: string, note: string): string {
  let length = text.length
  while (!fits(text.slice(0, length).toWellFormed() + note)) length = Math.floor(0.9 * length)
  return text.slice(0, length).toWellFormed() + note
}

/** Lines as they come in, and the last of them. */
export class OutputLines {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  readonly #last: string[] = []
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split(/\r?\n/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#emit(line)
    if (this.#rest.length > maxLineLength) this.#emitRest()
  }

  /** The last lines as one text, after what had no line end. */
  end(): string {
    this.#rest += this.#decoder.end()
    if (this.#rest !== '') this.#emitRest()
    return this.#last.join('\n')
  }

  #emitRest(): void {
    this.#emit(this.#rest)
    this.#rest = ''
  }

  #emit(line: string): void {
    this.#onLine(line)
    if (line.trim() === '') return
    this.#last.push(line.slice(0, maxLineLength))
    if (this.#last.length > maxLastLines) this.#last.shift()
  }
}
