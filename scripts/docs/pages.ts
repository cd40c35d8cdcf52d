import fs from 'node:fs'
import path from 'node:path'
import { api } from './api.ts'
import { commandLine, exitCodes, flags } from './cli.ts'
import { errorCodes } from './errors.ts'
import { operationList } from './operations.ts'
import { schema } from './schema.ts'

const root = path.join(import.meta.dirname, '../..')

/** The pages of the reference and what makes their generated blocks, by the name of the block. */
const pages: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  'docs/reference/api.md': { methods: api },
  'docs/reference/cli.md': { flags, 'exit codes': exitCodes, commands: commandLine },
  'docs/reference/errors.md': { codes: errorCodes },
  'docs/reference/operations.md': { operations: operationList },
  'docs/reference/schema.md': { tables: schema },
}

/** The pages that are not what they would become. */
export async function stalePages(): Promise<string[]> {
  const stale: string[] = []
  for (const page of Object.keys(pages)) if ((await generate(page)) !== read(page)) stale.push(page)
  return stale
}

/** Writes the pages that are not what they should be, and returns which. */
export async function writePages(): Promise<string[]> {
  const stale = await stalePages()
  for (const page of stale) fs.writeFileSync(path.join(root, page), await generate(page))
  return stale
}

function read(page: string): string {
  return fs.readFileSync(path.join(root, page), 'utf8')
}

async function generate(page: string): Promise<string> {
  let text = read(page)
  for (const [block, make] of Object.entries(pages[page] ?? {}))
    text = fill(page, text, { block, content: await make() })
  return text
}

/** The page with what stands between the two marks of a block replaced. */
function fill(page: string, text: string, { block, content }: { block: string; content: string }): string {
  const [begin, end] = [`<!-- generated: ${block} -->`, `<!-- end of ${block} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} lacks the lines ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${text.slice(to)}`
}
