/** What a `sql` template may carry between its pieces. A boolean is stored as 1 or 0, undefined as NULL. */
export type Param = string | number | bigint | boolean | null | undefined | Date | Uint8Array | Sql

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

/** Text that the program itself wrote (an identifier, a direction) as a fragment. Never pass user input. */
export function raw(text: string): Sql {
  return new Sql([text], [])
}

/** Fragments or values in a row, separated: for `in (…)`, `values …` and `and` chains. */
export function join(parts: readonly Param[], separator = ', '): Sql {
  if (parts.length === 0) return raw('')
  return new Sql(['', ...Array.from({ length: parts.length - 1 }, () => separator), ''], parts)
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
}

/** Compiles templates to statements of one engine, remembering each call site. */
export class Compiler {
  readonly #binding: Binding
  readonly #sites = new WeakMap<readonly string[], Statement>()
  readonly #texts = new Map<string, Statement>()

  constructor(binding: Binding) {
    this.#binding = binding
  }

  compile(query: Sql): { statement: Statement; params: Bound[] } {
    const flat = query.params.some(isFragment) ? flatten(query) : query
    return { statement: this.#statement(flat, flat === query), params: this.bind(flat.params) }
  }

  /** Encodes parameters for the driver. */
  bind(params: readonly Param[]): Bound[] {
    return params.map(param => this.#bind(param))
  }

  #statement({ strings }: Sql, isSite: boolean): Statement {
    const known = isSite ? this.#sites.get(strings) : undefined
    if (known !== undefined) return known
    const text = strings.reduce((head, tail, i) => head + this.#binding.placeholder(i) + tail)
    const statement = this.#texts.get(text) ?? this.#remember(describe(text))
    if (isSite) this.#sites.set(strings, statement)
    return statement
  }

  #remember(statement: Statement): Statement {
    // Lists of any length make new texts; forgetting the oldest bounds the map.
    const oldest = this.#texts.size >= 1000 ? this.#texts.keys().next().value : undefined
    if (oldest !== undefined) this.#texts.delete(oldest)
    this.#texts.set(statement.text, statement)
    return statement
  }

  #bind(param: Param): Bound {
    if (param === undefined || param === null) return null
    if (typeof param === 'boolean') return param ? 1 : 0
    if (param instanceof Date) return this.#binding.time(param)
    if (typeof param === 'number' && !Number.isFinite(param)) throw new TypeError(`cannot bind ${param}`)
    return param instanceof Sql ? this.#bind(param.params[0]) : param
  }
}

function describe(text: string): Statement {
  return { text, reads: isReading(text), touchesMemory: /\bmemory_store\b/.test(text) }
}

/** Tells by its words whether a statement only reads. In doubt it counts as a write, which is slower but right. */
export function isReading(text: string): boolean {
  return /^\s*(select|values|with|pragma)\b/i.test(text) && !/\b(insert|update|delete)\b/i.test(text)
}

/** A nested template that is more than one bare value: a bare value changes no text, so the site stays cached. */
function isFragment(param: Param): boolean {
  return param instanceof Sql && !isBareValue(param)
}

function isBareValue({ strings, params }: Sql): boolean {
  return strings.length === 2 && strings[0] === '' && strings[1] === '' && !(params[0] instanceof Sql)
}

/** Splices nested fragments into one flat template. */
function flatten(query: Sql): Sql {
  const strings = [query.strings[0] ?? '']
  const params: Param[] = []
  query.params.forEach((param, i) => {
    const inner = param instanceof Sql ? flatten(param) : undefined
    strings[strings.length - 1] += inner?.strings[0] ?? ''
    params.push(...(inner?.params ?? [param]))
    if (inner === undefined) strings.push('')
    else strings.push(...inner.strings.slice(1))
    strings[strings.length - 1] += query.strings[i + 1] ?? ''
  })
  return new Sql(strings, params)
}
