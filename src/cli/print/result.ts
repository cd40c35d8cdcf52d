import type { Operation } from '../../operation.ts'
import type { Printer } from './printer.ts'

/** Prints what an operation gave, in the shape that suits it. */
export function printResult(
  printer: Printer,
  result: unknown,
  shown: Pick<Operation, 'result' | 'view'>,
): void {
  if (printer.json) printer.document(result)
  else if (result === undefined) printer.note('done')
  else if (shown.result === 'value' || isBare(result)) printer.value(result)
  else if (isPage(result)) printPage(printer, result, shown)
  else if (Array.isArray(result)) printer.list(result, shown)
  else printer.record(result instanceof Map ? Object.fromEntries(result) : result)
}

function isBare(value: unknown): value is string | number | boolean | null | Date {
  return typeof value !== 'object' || value === null || value instanceof Date
}

interface Page {
  items: unknown[]
  cursor?: string | undefined
  /** How many changes were not searched for it, at most. */
  missing?: number
}

function isPage(value: object): value is Page {
  return 'items' in value && Array.isArray(value.items) && ('cursor' in value || 'missing' in value)
}

function printPage(
  printer: Printer,
  { items, cursor, missing = 0 }: Page,
  { view }: Pick<Operation, 'view'>,
): void {
  printer.list(items, { cursor, view })
  if (missing > 0)
    printer.note(
      `not all was searched: ${missing} changes wait to be indexed, which \`hivewax optimize\` does`,
    )
}
