import { commands } from '../src/cli/command-tree.ts'
import { operations } from '../src/operations.ts'

/** What the dashboard has to know of each operation: so that it offers what a token may do, and names the command. */
export function operationFacts(): Record<string, object> {
  return Object.fromEntries(
    operations.map(({ name, permission, effect }) => {
      const command = commands.all.find(({ operation }) => operation === name)?.path
      return [name, { permission, effect, command }]
    }),
  )
}
