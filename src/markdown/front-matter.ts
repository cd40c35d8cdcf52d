import { InvalidInput } from '../errors.ts'
import type { Json } from '../util/json.ts'

/** What stands at the head of a Markdown file between two lines of three dashes, as it is written, and what follows. */
export interface FrontMatter {
  readonly fields: ReadonlyMap<string, string>
  /** The first of its lines that is not `name: value`, as YAML has others too. */
  readonly odd: string | undefined
  readonly body: string
}

/** Words that YAML takes for something else than text. */
const words = /^(?:true|false|null|yes|no|on|off|y|n)$/i

/** Text that YAML, too, takes for itself without quotes; and times. */
const plain =
  /^(?:[\p{L}_][\p{L}\p{N}_./@+-]*(?: [\p{L}\p{N}_./@+-]+)*|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/u

const block = /^---\n((?:.*\n)*?)---(?:\n|$)/

const line = /^([A-Za-z]\w*):(?:[ \t]+(.*))?$/

/** Fields as lines of YAML, one each: text without quotes where that is certain, else JSON, which YAML is a superset of. */
export function writeFrontMatter(
  fields: readonly (readonly [name: string, value: Json | undefined])[],
): string {
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${scalar(value)}\n`],
  )
  return `---\n${lines.join('')}---\n`
}

function scalar(value: Json): string {
  return typeof value === 'string' && plain.test(value) && !words.test(value) ? value : JSON.stringify(value)
}

/** The front matter of a text with line feeds only; undefined where it has none. */
export function readFrontMatter(text: string): FrontMatter | undefined {
  const [whole, lines = ''] = block.exec(text) ?? []
  if (whole === undefined) return undefined
  const fields = new Map<string, string>()
  let odd: string | undefined
  for (const each of lines.split('\n').filter(one => one.trim() !== '')) {
    const [, name, value = ''] = line.exec(each) ?? []
    if (name === undefined) odd ??= each
    else fields.set(name, value.trim())
  }
  return { fields, odd, body: text.slice(whole.length) }
}

/** A field as text, with or without quotes. @throws InvalidInput for quotes that do not end */
export function textField(matter: FrontMatter, name: string): string | undefined {
  const written = matter.fields.get(name)
  if (written === undefined || !/^["']/.test(written)) return written
  const value = /^'.*'$/.test(written) ? written.slice(1, -1).replaceAll("''", "'") : jsonField(matter, name)
  return String(value)
}

/** A field as any value; text without quotes is itself. @throws InvalidInput for what begins as JSON and is none */
export function jsonField({ fields }: FrontMatter, name: string): Json | undefined {
  const written = fields.get(name)
  if (written === undefined) return undefined
  try {
    return JSON.parse(written)
  } catch (error) {
    if (!/^["{[]/.test(written)) return written
    throw new InvalidInput(`${name} is not JSON in one line: ${written}`, { cause: error })
  }
}
