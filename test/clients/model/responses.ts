import type { Body, Dialect, ListedTool, Reply } from './dialect.ts'
import { comment, textOf } from './dialect.ts'

/** OpenAI's Responses. */
export const responses: Dialect = {
  isAsked: path => path.endsWith('/responses'),
  breath: comment,
  read: ({ tools = [], input = [] }) => ({
    tools: tools.flatMap(toolsIn),
    seen: input
      .filter(({ type }: Body) => type === 'function_call_output')
      .map(({ call_id, output }: Body) => ({ id: call_id, text: textOf(output) })),
  }),
  events: reply => {
    const item = itemOf(reply)
    return [
      { type: 'response.created', response: { ...response, status: 'in_progress' } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { ...response, output: [item] } },
    ].map(data => ({ event: data.type, data }))
  },
  whole: reply => ({ ...response, output: [itemOf(reply)] }),
}

const none = { cached_tokens: 0, reasoning_tokens: 0 }
const usage = {
  input_tokens: 1,
  input_tokens_details: none,
  output_tokens: 1,
  output_tokens_details: none,
  total_tokens: 2,
}
const response = { id: 'resp_1', object: 'response', status: 'completed', model: 'scripted', usage }

/** A tool, or the tools of a namespace, which is told apart from their names by a point. */
function toolsIn(entry: Body): ListedTool[] {
  const { type, name = type, tools } = entry
  if (type !== 'namespace') return [{ name, entry }]
  return tools.map((tool: Body) => ({ name: `${name}.${tool.name}`, entry: tool }))
}

function itemOf(reply: Reply): object {
  if ('say' in reply) {
    const content = [{ type: 'output_text', text: reply.say, annotations: [] }]
    return { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }
  }
  const { id, tool, input } = reply.call
  const [, namespace, name = tool] = /^(.*)\.([^.]*)$/.exec(tool) ?? []
  const call = { id: 'fc_1', type: 'function_call', status: 'completed', call_id: id, name }
  return { ...call, ...(namespace && { namespace }), arguments: JSON.stringify(input) }
}
