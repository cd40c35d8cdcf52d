import { checkInteger } from '../util/check.ts'
import type { Json } from '../util/json.ts'
import { escaped, sliced } from '../util/model-text.ts'
import type { Answer } from './answer.ts'
import { fitValue, plain } from './budget.ts'
import { ask, type ToolCall } from './caller.ts'
import { fitted } from './list-answer.ts'

/** One record of key-value memory; of a long value, the part from `offset` that fits. */
export async function readRecord(call: ToolCall): Promise<Answer> {
  const { operation, caller, room } = call
  const { offset = 0, ...input } = call.input
  const start = checkInteger('offset', offset, 0)
  const record = plain(await ask(operation, input, caller))
  if (record === null) return { data: null, note: `Nothing is stored under ${JSON.stringify(input.key)}.` }
  if (start === 0 && escaped(record).length <= room) return fitted(call, record)
  const { value = null, ...rest } = record as { value?: Json }
  const head = fitValue(rest, Math.floor(room / 2)).value
  // Where even that is too long, the caller knows at least what it asked for.
  const about = typeof head === 'object' && head !== null ? head : { key: plain(input.key) }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const part = partOf(text, start, room - escaped(about).length - 40)
  const whole = `${text.length} of ${typeof value === 'string' ? 'the text' : 'its JSON'}`
  const end = start + part.length
  const more = end < text.length ? ` recall the key with offset ${end} for the rest.` : ''
  return {
    data: { ...about, value: part },
    note: `value: characters ${start} to ${end} of ${whole}.${more}`,
  }
}

/** The part of a text that starts there and takes so much room as JSON; some characters take several. */
function partOf(text: string, start: number, room: number): string {
  for (let length = room; ; length = Math.floor(length * 0.7)) {
    const part = sliced(text, start, length)
    if (escaped(part).length <= room) return part
  }
}
