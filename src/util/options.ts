import { InvalidInput } from '../errors.ts'
import { describe } from './check.ts'
import { nearest } from './nearest.ts'

/** The names of the fields of what a method takes last: an object, a list of them, or one of several. */
type NamesOf<Taken> = Taken extends readonly (infer Item)[]
  ? NamesOf<Item>
  : Taken extends (...args: never[]) => unknown
    ? never
    : Taken extends object
      ? string extends keyof Taken
        ? never
        : keyof Taken
      : never

type Last<List extends readonly unknown[]> =
  Required<List> extends readonly [...unknown[], infer Item] ? Item : never

type OptionsOf<Method> = Method extends (...args: infer Args) => unknown ? NamesOf<Last<Args>> : never

/**
 * The options of each method of a class, by name. A method that is left out, an option that is, and one that the method
 * does not have are errors of the compiler.
 */
type Known<Class> = {
  readonly [Name in keyof Class as [OptionsOf<Class[Name]>] extends [never] ? never : Name]: Names<
    OptionsOf<Class[Name]>
  >
}

export type Names<Option extends PropertyKey> = Readonly<Record<Option, true>>

/** @throws InvalidInput that names the first option which the call does not have */
export type CheckOptions = (given: object | undefined) => void

/** For each method of a domain, what refuses the options that it does not have: they would be passed over in silence. */
export function optionChecks<Class>(
  domain: string,
  known: Known<Class>,
): Readonly<Record<keyof Known<Class>, CheckOptions>> {
  const checks = Object.entries<Names<string>>(known).map(([method, names]): [string, CheckOptions] => [
    method,
    optionCheck(`${domain}.${method}`, names),
  ])
  return Object.fromEntries(checks) as Record<keyof Known<Class>, CheckOptions>
}

/** @param call as it is written: `kv.store` */
export function optionCheck(call: string, known: Names<string>): CheckOptions {
  const names = new Set(Object.keys(known))
  const check: CheckOptions = given => {
    if (given === undefined) return
    if (typeof given !== 'object' || given === null)
      throw new InvalidInput(`${call} takes an object, got ${describe(given)}`)
    if (Array.isArray(given)) return given.forEach(check)
    for (const option in given) {
      if (!names.has(option)) throw unknownOption(call, option, [...names])
    }
  }
  return check
}

/** Says which option was not known, and which may have been meant. */
export function unknownOption(call: string, option: string, known: readonly string[]): InvalidInput {
  const meant = nearest(option, known)
  const question = meant === undefined ? '' : `; did you mean ${meant}?`
  return new InvalidInput(`${call} has no option ${describe(option)}${question}`, {
    hint: `It has ${known.toSorted().join(', ')}.`,
    details: { call, option },
  })
}
