import { createReadStream } from 'node:fs'
import { InvalidInput } from '../../errors.ts'
import { parseExactly } from '../../util/exact-json.ts'
import { fileError } from '../../util/file-error.ts'
import { isObject } from '../../util/json.ts'
import { ArrayElements } from './array-elements.ts'
import { checkHeader, checkRecord, type Header, type ImportRecord } from './export-format.ts'
import type { FileShape } from './export-namespace.ts'

/** A part of an export. In a document the header comes last, since only its end shows that it is whole. */
export type Part = { header: Header } | { record: ImportRecord }

/** Reads an export piece by piece and checks all of it. */
export async function* readExport(
  file: string,
  shape: FileShape,
  maxValueBytes: number,
): AsyncGenerator<Part> {
  yield* shape === 'document' ? readDocument(file, maxValueBytes) : readLines(file, maxValueBytes)
}

async function* readDocument(file: string, maxValueBytes: number): AsyncGenerator<Part> {
  const elements = new ArrayElements('records')
  let count = 0
  for await (const piece of pieces(file)) {
    for (const text of elements.take(piece)) yield toRecord(text, `records[${count++}]`, maxValueBytes)
  }
  elements.end()
  const document = parseExactly(file, elements.rest)
  const header = checkHeader(document, file)
  if (!isObject(document) || !Array.isArray(document.records))
    throw new InvalidInput(`${file} has no "records"`)
  yield { header }
}

async function* readLines(file: string, maxValueBytes: number): AsyncGenerator<Part> {
  let number = 0
  for await (const line of lines(file)) {
    number++
    if (number === 1) yield { header: checkHeader(parseExactly(`line ${number}`, line), file) }
    else if (line.trim() !== '') yield toRecord(line, `line ${number}`, maxValueBytes)
  }
  if (number === 0) throw new InvalidInput(`${file} is empty`)
}

function toRecord(text: string, at: string, maxValueBytes: number): Part {
  return { record: checkRecord(parseExactly(at, text), at, maxValueBytes) }
}

/** The lines of a text file, without their ends. */
export async function* lines(file: string): AsyncGenerator<string> {
  let open = ''
  for await (const piece of pieces(file)) {
    const found = (open + piece).split('\n')
    open = found.pop() ?? ''
    yield* found
  }
  if (open !== '') yield open
}

/** The text of a file. What is not UTF-8 is refused, since a decoder would else replace it without a word. */
async function* pieces(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of createReadStream(file)) yield decoder.decode(chunk, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidInput(`${file} is not UTF-8 text`, { cause: error })
    throw fileError(error, file)
  }
}
