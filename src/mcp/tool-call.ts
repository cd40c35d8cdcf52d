import type { Reference } from '../briefing/section.ts'
import { type OperationName, operationOf } from '../operations.ts'
import { actionOf, tools } from './tools.ts'

/** The call of a tool that calls an operation so: `tasks_read list {"status":"running"}`. */
export function toolCall({ operation, input }: Reference): string {
  const called = operationOf(operation as OperationName)
  const tool = tools.find(({ operations }) => operations.includes(called))
  if (tool === undefined) throw new Error(`${operation} is in no tool`)
  const action = tool.chosenBy === 'action' ? [actionOf(tool, called)] : []
  const fields = Object.keys(input).length === 0 ? [] : [JSON.stringify(input)]
  return [tool.name, ...action, ...fields].join(' ').replaceAll('<', '\\u003c')
}
