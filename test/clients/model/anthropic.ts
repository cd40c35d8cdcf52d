import type { Body, Dialect, Event, Reply } from './dialect.ts'
import { comment, textOf } from './dialect.ts'

/** Anthropic's Messages. */
export const anthropic: Dialect = {
  isAsked: path => path.endsWith('/v1/messages'),
  breath: comment,
  read: ({ tools = [], messages = [] }) => ({
    tools: tools.map((entry: Body) => ({ name: entry.name, entry })),
    seen: messages
      .flatMap(({ content }: Body) => (Array.isArray(content) ? content : []))
      .filter(({ type }: Body) => type === 'tool_result')
      .map(({ tool_use_id, content }: Body) => ({ id: tool_use_id, text: textOf(content) })),
  }),
  events: reply => {
    const block = blockOf(reply)
    const [begun, delta] =
      'say' in reply
        ? [
            { ...block, text: '' },
            { type: 'text_delta', text: reply.say },
          ]
        : [
            { ...block, input: {} },
            { type: 'input_json_delta', partial_json: JSON.stringify(reply.call.input) },
          ]
    return [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: begun },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: reasonOf(reply), stop_sequence: null }, usage },
      { type: 'message_stop' },
    ].map((data): Event => ({ event: data.type, data }))
  },
  whole: reply => ({ ...message, content: [blockOf(reply)], stop_reason: reasonOf(reply) }),
}

const usage = { input_tokens: 1, output_tokens: 1 }
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', usage }

const reasonOf = (reply: Reply) => ('say' in reply ? 'end_turn' : 'tool_use')

function blockOf(reply: Reply): object {
  if ('say' in reply) return { type: 'text', text: reply.say }
  const { id, tool, input } = reply.call
  return { type: 'tool_use', id, name: tool, input }
}
