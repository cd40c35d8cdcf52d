import fs from 'node:fs'
import path from 'node:path'

const src = path.join(import.meta.dirname, '../../src')

/** Something declared in the sources: the text that declares it, and its doc comment without the stars. */
export interface Declared {
  readonly name: string
  readonly text: string
  readonly doc: string
}

/** A doc comment, and a reason behind it that is for the linter only. */
const comment = String.raw`\/\*\*((?:(?!\*\/)[\s\S])*)\*\/(?:\n *\/\/ biome-ignore [^\n]*)?`

/** A class of a file: its doc comment, and its public methods in their order. */
export function classIn(file: string, name: string): { doc: string; methods: Declared[] } {
  const text = fs.readFileSync(path.join(src, file), 'utf8')
  const [whole = '', doc = '', body = ''] =
    new RegExp(`${comment}\\nexport class ${name}\\b[^\\n]*\\{\\n([\\s\\S]*?)\\n\\}\\n`).exec(text) ?? []
  if (whole === '') throw new Error(`${file} has no documented class ${name}`)
  const methods = methodsOf(body)
  const bare = methods.find(method => method.doc === '')
  if (bare !== undefined) throw new Error(`${file}: ${name}.${bare.name} is not documented`)
  return { doc: plainDoc(doc), methods }
}

/** The interfaces and types that a file exports, at least one: a page never lacks some of them unnoticed. */
export function typesIn(file: string): Declared[] {
  const text = fs.readFileSync(path.join(src, file), 'utf8')
  const pattern = new RegExp(
    `^(?:${comment}\\n)?export (?:interface (\\w+)[^\\n]*\\{\\n[\\s\\S]*?\\n\\}|type (\\w+)[^=\\n]* =[\\s\\S]*?)\\n(?=\\n|$)`,
    'gm',
  )
  const found = [...text.matchAll(pattern)]
  const exported = [...text.matchAll(/^export (?:interface|type) \w/gm)]
  if (found.length === 0 || found.length < exported.length) {
    throw new Error(`${file}: of ${exported.length} exported types ${found.length} can be read`)
  }
  return found.map(([whole, doc = '', named, aliased]) => ({
    name: named ?? aliased ?? '',
    text: whole
      .slice(whole.indexOf('export '))
      .replace(/^export /, '')
      .trim(),
    doc: plainDoc(doc),
  }))
}

/** A function that a file exports. */
export function functionIn(file: string, name: string): Declared {
  const text = fs.readFileSync(path.join(src, file), 'utf8')
  const found = new RegExp(`${comment}\\nexport async function (${name}\\([^{]*?): ([^\\n]*) \\{\\n`).exec(
    text,
  )
  if (found === null) throw new Error(`${file} has no documented function ${name}`)
  const [, doc = '', head, result] = found
  return { name, text: `${head}: ${result}`, doc: plainDoc(doc) }
}

/** Methods as Biome lays them out: two spaces in, parameters on the same line or further in, then a body. */
function methodsOf(body: string): Declared[] {
  const parameters = '\\((?:[^\\n]*|[^\\n]*(?:\\n {4,}[^\\n]*)+\\n {2}[^\\n]*)\\)'
  const pattern = new RegExp(
    `(?:^  ${comment}\\n)?^  (?:async )?(\\w+)((?:<[^\\n(]*>)?${parameters}: [^\\n]*?)( \\{)?$`,
    'gm',
  )
  const found = [...body.matchAll(pattern)].filter(([, , name]) => name !== 'constructor')
  const names = new Set(found.map(([, , name = '']) => name))
  return [...names].map(name => {
    const same = found.filter(([, , other]) => other === name)
    // Of several signatures the one with the body is not for callers.
    const callable = same.filter(([, , , , opening]) => same.length === 1 || opening === undefined)
    return {
      name,
      text: callable
        .map(([, , , signature = '']) => `${name}${signature}`.replace(/\n {2}/g, '\n'))
        .join('\n'),
      doc: callable
        .map(([, doc = '']) => plainDoc(doc))
        .filter(Boolean)
        .join('\n\n'),
    }
  })
}

/** The text of a doc comment: its lines joined to paragraphs, its links as code, its tags as a list. */
function plainDoc(doc: string): string {
  const lines = doc.split('\n').map(line => line.replace(/^\s*\*?\s*/, '').trimEnd())
  const text = lines.join('\n').trim()
  return text
    .replace(/\{@link ([\w.]+)\}/g, '`$1`')
    .replace(/\n(?!\n|@|- )/g, (_match, offset: number) => (text[offset - 1] === '\n' ? '\n' : ' '))
    .replace(/(^|\n)@(returns|throws) /g, (_match, before, tag) => `${before}\n- *${tag}* `)
    .replace(/(^|\n)@param (\w+) /g, '$1\n- `$2`: ')
    .trim()
}
