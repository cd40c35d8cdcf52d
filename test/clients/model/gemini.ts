import type { Body, Dialect, Reply } from './dialect.ts'

/** Gemini's `generateContent`, and its stream. */
export const gemini: Dialect = {
  isAsked: path => /:(stream)?[gG]enerateContent$/.test(path),
  // Its clients read nothing but data.
  breath: '',
  read: ({ tools = [], contents = [] }) => ({
    tools: tools
      .flatMap(({ functionDeclarations = [] }: Body) => functionDeclarations)
      .map((entry: Body) => ({ name: entry.name, entry })),
    seen: contents
      .flatMap(({ parts = [] }: Body) => parts)
      .flatMap(({ functionResponse }: Body) => functionResponse ?? [])
      .map(({ id, response }: Body) => ({ id, text: response.output ?? JSON.stringify(response) })),
  }),
  events: reply => [{ data: answerOf(reply) }],
  whole: answerOf,
}

const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 }

function answerOf(reply: Reply): object {
  const content = { role: 'model', parts: [partOf(reply)] }
  return {
    candidates: [{ index: 0, content, finishReason: 'STOP' }],
    usageMetadata,
    modelVersion: 'scripted',
  }
}

function partOf(reply: Reply): object {
  if ('say' in reply) return { text: reply.say }
  const { id, tool, input } = reply.call
  return { functionCall: { id, name: tool, args: input } }
}
