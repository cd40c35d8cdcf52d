import { InvalidInput } from '../errors.ts'
import { describe } from '../util/check.ts'

/** What a `sql` template may carry between its pieces. A boolean is stored as 1 or 0, undefined as NULL. */
export type Param = string | number | bigint | boolean | null | undefined | Date | Uint8Array | Sql

/** Texts that are remembered, of each sort. */
const maxTexts = 1000

/** A statement, or a fragment of one: text from the program, parameters from anywhere. Made by `sql` only. */
export class Sql {
  readonly strings: readonly string[]
  readonly params: readonly Param[]

  constructor(strings: readonly string[], params: readonly Param[]) {
    this.strings = strings
    this.params = params
  }
}

/**
 * Writes SQL with parameters in place. Values are bound, never spliced; another `sql` fragment is spliced.
 * The template's strings object is the key of the statement cache, so a call site prepares once.
 */
export function sql(strings: TemplateStringsArray, ...params: Param[]): Sql {
  return new Sql(strings, params)
}

const fragments = new Map<string, Sql>()

/**
 * Text that the program itself wrote (an identifier, a direction) as a fragment. Never pass user input. The same text
 * is the same fragment, so that a statement with it is found again.
 */
export function raw(text: string): Sql {
  const known = fragments.get(text)
  if (known !== undefined) return known
  const fragment = new Sql([text], [])
  if (fragments.size < maxTexts) fragments.set(text, fragment)
  return fragment
}

/** Fragments or values in a row, separated: for `in (…)`, `values …` and `and` chains. */
export function join(parts: readonly Param[], separator = ', '): Sql {
  if (parts.length === 0) return raw('')
  return new Sql(separators(parts.length, separator), parts)
}

const knownSeparators = new Map<string, readonly string[]>()

/** The same strings object for the same number of parts, so that a statement of joined parts is found again. */
function separators(parts: number, separator: string): readonly string[] {
  const key = `${parts}:${separator}`
  const known = knownSeparators.get(key)
  if (known !== undefined) return known
  const strings = ['', ...Array.from({ length: parts - 1 }, () => separator), '']
  if (parts <= 100) knownSeparators.set(key, strings)
  return strings
}

/** A parameter as a driver takes it. */
export type Bound = string | number | bigint | null | Uint8Array

/** A statement ready for a driver. `text` is the same object for the same call site. */
export interface Statement {
  readonly text: string
  /** False when the statement may write: it then goes through the writer. */
  readonly reads: boolean
  /** True when running it can change what `retrieve` sees; see `Db.version`. */
  readonly touchesMemory: boolean
}

/** How one engine writes placeholders and encodes what the others can bind as it is. */
export interface Binding {
  placeholder(index: number): string
  time(date: Date): Bound
  /** The text as this engine runs it best; called once per text. */
  adapt(text: string): string
}

/**
 * Where the compiler has got to in a template. Templates are told apart by the identity of their strings, which
 * a call site never changes; so the same site finds its statement again without building its text.
 */
class Step {
  statement: Statement | undefined
  #value: Step | undefined
  readonly #fragments = new WeakMap<readonly string[], Step>()

  /** After a bound value. */
  value(): Step {
    this.#value ??= new Step()
    return this.#value
  }

  /** At the beginning of a fragment. */
  fragment(strings: readonly string[]): Step {
    const known = this.#fragments.get(strings)
    if (known !== undefined) return known
    const step = new Step()
    this.#fragments.set(strings, step)
    return step
  }
}

/** Compiles templates to statements of one engine, remembering each call site. */
export class Compiler {
  readonly #binding: Binding
  readonly #start = new Step()
  /** For templates that are put together anew each time, such as lists of any length. */
  readonly #texts = new Map<string, Statement>()

  constructor(binding: Binding) {
    this.#binding = binding
  }

  compile(query: Sql): { statement: Statement; params: Bound[] } {
    const params: Bound[] = []
    const end = this.#walk(this.#start, query, params)
    end.statement ??= this.#statement(this.#text(query, { placeholders: 0 }))
    return { statement: end.statement, params }
  }

  #walk(from: Step, { strings, params }: Sql, bound: Bound[]): Step {
    let step = from.fragment(strings)
    for (const param of params) {
      if (isFragment(param)) {
        step = this.#walk(step, param, bound)
      } else {
        bound.push(this.#bind(param))
        step = step.value()
      }
    }
    return step
  }

  #text({ strings, params }: Sql, count: { placeholders: number }): string {
    return params.reduce<string>((head, param, i) => {
      const inner = isFragment(param)
        ? this.#text(param, count)
        : this.#binding.placeholder(count.placeholders++)
      return head + inner + strings[i + 1]
    }, strings[0] ?? '')
  }

  #statement(text: string): Statement {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const oldest = this.#texts.size >= maxTexts ? this.#texts.keys().next().value : undefined
    if (oldest !== undefined) this.#texts.delete(oldest)
    const statement = analyse(this.#binding.adapt(text))
    this.#texts.set(text, statement)
    return statement
  }

  /** Encodes parameters for the driver. */
  bind(params: readonly Param[]): Bound[] {
    return params.map(param => this.#bind(param))
  }

  #bind(param: Param): Bound {
    if (param === undefined || param === null) return null
    if (typeof param === 'boolean') return param ? 1 : 0
    if (param instanceof Date) return this.#binding.time(param)
    if (param instanceof Sql) return this.#bind(param.params[0])
    if (isBindable(param)) return param
    throw new InvalidInput(`a parameter of a statement cannot be ${describe(param)}`)
  }
}

/** SQL from outside may bring anything; NaN would become NULL without a word. */
function isBindable(param: unknown): param is Bound {
  if (typeof param === 'number') return Number.isFinite(param)
  return typeof param === 'string' || typeof param === 'bigint' || param instanceof Uint8Array
}

function analyse(text: string): Statement {
  return { text, reads: isReading(text), touchesMemory: /\bmemory_store\b/.test(text) }
}

/** Tells by its words whether a statement only reads. In doubt it counts as a write, which is slower but right. */
export function isReading(text: string): boolean {
  return (
    /^\s*(select|values|with|pragma)\b/i.test(text) &&
    !/\b(insert|update|delete|replace(?!\s*\())\b/i.test(text)
  )
}

/** A nested template that is more than one bare value: a bare value changes no text. */
function isFragment(param: Param): param is Sql {
  return param instanceof Sql && !isBareValue(param)
}

function isBareValue({ strings, params }: Sql): boolean {
  return strings.length === 2 && strings[0] === '' && strings[1] === '' && !(params[0] instanceof Sql)
}
