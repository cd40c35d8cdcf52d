/** One message of a stream of server-sent events. */
export interface Message {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** The messages of a stream, which the browser's own EventSource could not ask for: it sends no token. */
export async function* readMessages(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Message> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const blocks = (rest + value).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) yield readMessage(block)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function readMessage(block: string): Message {
  const fields = new Map(
    block.split('\n').map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()]
    }),
  )
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data: fields.get('data') ?? '' }
}
