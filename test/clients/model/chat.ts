import type { Body, Dialect, Reply } from './dialect.ts'
import { comment, textOf } from './dialect.ts'

/** OpenAI's chat completions. */
export const chat: Dialect = {
  isAsked: path => path.endsWith('/chat/completions'),
  breath: comment,
  read: ({ tools = [], messages = [] }) => ({
    tools: tools.map((entry: Body) => ({ name: entry.function.name, entry })),
    seen: messages
      .filter(({ role }: Body) => role === 'tool')
      .map(({ tool_call_id, content }: Body) => ({ id: tool_call_id, text: textOf(content) })),
  }),
  events: reply => [
    { data: { ...chunk, choices: [{ index: 0, delta: messageOf(reply), finish_reason: null }] } },
    { data: { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: reasonOf(reply) }], usage } },
    { data: '[DONE]' },
  ],
  whole: reply => ({
    ...chunk,
    object: 'chat.completion',
    choices: [{ index: 0, message: messageOf(reply), finish_reason: reasonOf(reply) }],
    usage,
  }),
}

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'scripted' }

const reasonOf = (reply: Reply) => ('say' in reply ? 'stop' : 'tool_calls')

function messageOf(reply: Reply): object {
  if ('say' in reply) return { role: 'assistant', content: reply.say }
  const { id, tool, input } = reply.call
  const call = { index: 0, id, type: 'function', function: { name: tool, arguments: JSON.stringify(input) } }
  return { role: 'assistant', content: null, tool_calls: [call] }
}
