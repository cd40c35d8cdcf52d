import fs from 'node:fs'
import path from 'node:path'
import { type Collection, type Question, type SampleRecord, unambiguous } from './collection.ts'
import { filesIn } from './files.ts'

/** A section that is shorter than this, in characters, says too little to be found by its heading; and so does such a heading. */
const shortest = { text: 100, heading: 4 }

/** The sections of a documentation in Markdown: a heading asks for the text below it, which is stored without the heading. */
export function sections(folder: string, set: string): Collection[] {
  const records: SampleRecord[] = []
  const questions: Question[] = []
  for (const file of filesIn(folder, '.md')) {
    for (const { heading, text } of sectionsOf(fs.readFileSync(path.join(folder, file), 'utf8'))) {
      if (text.length < shortest.text) continue
      const key = `section-${records.length}`
      records.push({ key, value: text })
      if (heading.length >= shortest.heading) questions.push({ text: heading, relevant: new Map([[key, 1]]) })
    }
  }
  return [{ set, name: set, records, questions: unambiguous(questions) }]
}

function sectionsOf(markdown: string): { heading: string; text: string }[] {
  const parts = markdown.split(/^#{2,4} (.*)$/m)
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return []
    const heading = part.replace(/\{.*?\}|[`*\\]/g, '').trim()
    return [{ heading, text: (parts[i + 1] ?? '').trim() }]
  })
}
