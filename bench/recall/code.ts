import fs from 'node:fs'
import path from 'node:path'
import { type Collection, type Question, type SampleRecord, unambiguous } from './collection.ts'
import { filesIn } from './files.ts'

/** A comment of documentation, and the forty lines below it. */
const documented = /^( *)\/\*\*\n((?: *\*.*\n)+?) *\*\/\n((?:.*\n){1,40})/gm

/** The declarations of a TypeScript project that have a comment: its first sentence asks for the declaration. */
export function code(folder: string): Collection[] {
  const records: SampleRecord[] = []
  const questions: Question[] = []
  for (const file of filesIn(folder, '.ts')) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8')
    for (const [, indent = '', comment = '', below = ''] of text.matchAll(documented)) {
      const key = `${file}:${records.length}`
      const sentence = firstSentence(comment)
      records.push({ key, value: declaration(indent, below) })
      if (sentence.split(' ').length >= 3) questions.push({ text: sentence, relevant: new Map([[key, 1]]) })
    }
  }
  return [{ set: 'code', name: 'code', records, questions: unambiguous(questions) }]
}

function firstSentence(comment: string): string {
  const text = comment.replace(/^ *\* ?/gm, '').split(/\n\s*\n|\n *[@#`]/)[0] ?? ''
  return (/^[\s\S]*?[.:](?=\s|$)/.exec(text)?.[0] ?? text).replace(/\s+/g, ' ').trim()
}

/** Down to the line that closes it, or before which something else begins. */
function declaration(indent: string, below: string): string {
  const lines = below.split('\n')
  const ends = (line: string) =>
    line === `${indent}}` || line.startsWith(`${indent}/**`) || (line === '' && indent === '')
  const end = lines.findIndex((line, i) => i > 0 && ends(line))
  return lines.slice(0, end === -1 ? undefined : end + 1).join('\n')
}
