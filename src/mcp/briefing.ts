import type { Briefing } from '../briefing/briefing.ts'
import { operationOf } from '../operations.ts'
import type { Answer } from './answer.ts'
import { briefingText } from './briefing-text.ts'
import { tokensFor } from './budget.ts'
import { type Arguments, ask, type Caller } from './caller.ts'
import { toolCall } from './tool-call.ts'

/** Where things stand, as the model reads it. @param room in characters */
export async function briefing(caller: Caller, room: number, input: Arguments = {}): Promise<Answer> {
  const asked = { ...input, maxTokens: tokensFor(room) }
  const told = (await ask(operationOf('briefing.briefing'), asked, caller)) as Briefing
  const text = briefingText(told, toolCall)
  return text === undefined ? { data: null, note: 'There is nothing to tell yet.' } : { text }
}
