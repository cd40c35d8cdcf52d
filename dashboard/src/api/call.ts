import type { Answers, Hello, OperationName } from './answers.ts'
import { session } from './session.ts'

/** What the server refused, in its words. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly details: Record<string, unknown>

  constructor({ code, message, hint, details }: Problem) {
    super(message)
    this.code = code
    this.hint = hint
    this.details = details ?? {}
  }
}

interface Problem {
  code: string
  message: string
  hint?: string
  details?: Record<string, unknown>
}

/** Calls an operation. @throws ApiError when it is refused, TypeError when nothing answers */
export function call<Name extends OperationName>(
  name: Name,
  input: object = {},
  signal?: AbortSignal,
): Promise<Answers[Name]> {
  return send(name, JSON.stringify(input), signal)
}

/** Calls an operation with a value as its user has typed it, since what JSON.parse makes of a number may be another. */
export function callWithJson<Name extends OperationName>(
  name: Name,
  input: object,
  json: { field: string; text: string },
): Promise<Answers[Name]> {
  const rest = JSON.stringify(input).slice(1)
  const separator = rest === '}' ? '' : ','
  return send(name, `{${JSON.stringify(json.field)}:${json.text}${separator}${rest}`)
}

async function send<Name extends OperationName>(
  name: Name,
  body: string,
  signal?: AbortSignal,
): Promise<Answers[Name]> {
  const response = await request(`v1/${name.replace('.', '/')}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    ...(signal && { signal }),
  })
  return (response.status === 204 ? undefined : await response.json()) as Answers[Name]
}

/** Asks the server for something in the name of the tab. @throws ApiError when it refuses */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, authorization: `Bearer ${session.token()}` }
  const response = await fetch(path, { ...init, headers, credentials: 'omit', redirect: 'error' })
  if (response.ok) return response
  if (response.status === 401) session.end()
  throw new ApiError(await problemOf(response))
}

export async function hello(): Promise<Hello> {
  return (await request('v1/hello')).json()
}

/** What is between here and the server may answer in its stead. */
async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()).error
  } catch {
    return { code: 'storage', message: `the server answered ${response.status}` }
  }
}
