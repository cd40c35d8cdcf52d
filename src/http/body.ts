import type { MiddlewareHandler, Context as Request } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { InvalidInput } from '../errors.ts'
import type { JsonSchema } from '../schemas.ts'
import { parseExactly, parseKeeping } from '../util/exact-json.ts'
import { problem } from './problem.ts'

/** Values may be nested 256 deep; around them are the fields and lists of an input. */
const maxDepth = 300

/** Refuses bodies of more than `maxBytes`: by what they say of their length, or else as they come. */
export function limitBody(maxBytes: number): MiddlewareHandler {
  const tooLarge = () => new InvalidInput(`the body has more than ${maxBytes} bytes`, {}, 'too_large')
  const limitStream = bodyLimit({ maxSize: maxBytes, onError: c => problem(c, tooLarge()) })
  return async (c, next) => {
    // A stream costs much more than a body of a known length, which Node does not let be longer than it says.
    if (c.req.header('transfer-encoding') !== undefined) return limitStream(c, next)
    if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge()
    await next()
  }
}

/** The input of a call: the JSON of its body. */
export async function readBody(request: Request): Promise<unknown> {
  const encoding = request.req.header('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new InvalidInput(`the body is encoded (Content-Encoding: ${encoding}): send it as it is`)
  const text = await readText(request)
  if (text === '') return {}
  // A web page of another origin can send any other type without a preflight request.
  if (!/^application\/json\s*(;|$)/i.test(request.req.header('content-type') ?? ''))
    throw new InvalidInput('the body must be JSON: send the header "Content-Type: application/json"')
  return parseJson(text)
}

/** The input of a read, from its query: text where the schema has text, else JSON. */
export function readQuery(request: Request, { properties = {} }: JsonSchema): unknown {
  const entries = Object.entries(request.req.queries()).map(([name, texts]) => {
    const schema = properties[name]
    const isList = schema?.type === 'array'
    const values = texts.map(text => readValue(text, isList ? schema.items : schema))
    return [name, isList && !texts[0]?.startsWith('[') ? values : values.at(-1)]
  })
  return Object.fromEntries(entries)
}

function readValue(text: string, schema: JsonSchema | undefined): unknown {
  if (schema?.type === 'string') return text
  assertShallow(text)
  try {
    return parseKeeping(text)
  } catch {
    return text
  }
}

async function readText(request: Request): Promise<string> {
  const bytes = await request.req.arrayBuffer().catch(cause => {
    throw new InvalidInput('the body did not arrive whole', { cause })
  })
  try {
    // Replacing what is no UTF-8 could make two keys one.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInput('the body is not UTF-8', { cause })
  }
}

function parseJson(text: string): unknown {
  assertShallow(text)
  return parseExactly('the body', text)
}

/** What is nested without end would exhaust the stack of whatever walks it. Looks at the text, in one pass. */
function assertShallow(text: string): void {
  let depth = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth--
    if (depth > maxDepth) throw new InvalidInput(`the JSON is nested deeper than ${maxDepth} levels`)
  }
}
