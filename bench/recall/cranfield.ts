import fs from 'node:fs'
import path from 'node:path'
import type { Collection } from './collection.ts'

/** 1,400 abstracts of aerodynamics and 225 questions, judged by people: the oldest collection of all. */
export function cranfield(folder: string): Collection[] {
  const read = (name: string) => fs.readFileSync(path.join(folder, name), 'utf8').replaceAll('\r', '')
  const records = entries(read('cran.all.1400')).map(({ id, field }) => ({
    key: id,
    // The text begins with the title once more.
    value: { title: field('T'), text: field('W').slice(field('T').length).trim() },
  }))
  const judged = Map.groupBy(
    read('QRelsCorrectedforTRECeval')
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/)),
    ([question]) => Number(question),
  )
  const questions = entries(read('cran.qry')).map(({ field }, i) => ({
    text: field('W'),
    relevant: new Map(
      (judged.get(i + 1) ?? []).flatMap(([, , key = '', gain]) => {
        const relevance = Number(gain)
        return relevance > 0 ? [[key, relevance] as const] : []
      }),
    ),
  }))
  return [
    {
      set: 'cranfield',
      name: 'cranfield',
      records,
      questions: questions.filter(({ relevant }) => relevant.size > 0),
    },
  ]
}

/** The entries of a file, each with the number that begins it and with fields that begin with a line such as `.W`. */
function entries(text: string): { id: string; field: (name: string) => string }[] {
  const parts = text.split(/^\.I +/m).slice(1)
  return parts.map(part => {
    const [number = '', ...fields] = part.split(/^\.([A-Z])$/m)
    const at = (name: string) => fields.findIndex((field, i) => i % 2 === 0 && field === name)
    const field = (name: string) => (fields[at(name) + 1] ?? '').replace(/\s+/g, ' ').trim()
    return { id: String(Number(number)), field }
  })
}
