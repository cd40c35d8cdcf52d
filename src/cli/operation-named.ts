import type { Operation } from '../operation.ts'
import { operations } from '../operations.ts'

/** The operation of this name. In the bundle this loads its domain's operations only, see `scripts/build/`. */
export async function operationNamed(name: string | undefined): Promise<Operation> {
  const found = operations.find(operation => operation.name === name)
  if (found === undefined) throw new Error(`there is no operation ${name}`)
  return found
}
