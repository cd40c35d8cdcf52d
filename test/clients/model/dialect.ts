/** What a client tells its model in one request. */
export interface Turn {
  /** The tools that the model may call. */
  readonly tools: readonly ListedTool[]
  /** What came of the calls so far. */
  readonly seen: readonly Seen[]
}

/** A tool as the client lists it. */
export interface ListedTool {
  readonly name: string
  /** All that is said of it. */
  readonly entry: object
}

/** What the model sees of the answer of a tool. */
export interface Seen {
  /** Of the call. */
  readonly id: string
  readonly text: string
}

/** What the model does next. */
export type Reply = { readonly say: string } | { readonly call: Call }

export interface Call {
  readonly id: string
  /** As the client lists it. */
  readonly tool: string
  readonly input: object
}

// Bodies of requests are read as they come: what of them is there, a client decides.
// biome-ignore lint/suspicious/noExplicitAny: as JSON.parse has it
export type Body = any

/** An interface of a kind of model, as its clients speak it over HTTP. */
export interface Dialect {
  /** Whether it is asked by requests to this path. */
  isAsked(path: string): boolean
  /** What a stream may carry while the model thinks. */
  readonly breath: string
  read(body: Body): Turn
  /** The data of the server-sent events of an answer, with the name of the event where the dialect has one. */
  events(reply: Reply): readonly Event[]
  /** The same answer as one document, for a client that wants no stream. */
  whole(reply: Reply): object
}

export interface Event {
  readonly event?: string
  readonly data: object | string
}

/** A comment of server-sent events. */
export const comment = ': thinking\n\n'

/** The text of what stands for an answer: text itself, or parts that hold some. */
export function textOf(content: Body): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content ?? null)
  return content.map(part => (typeof part?.text === 'string' ? part.text : JSON.stringify(part))).join('\n')
}
