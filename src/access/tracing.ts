import { HivewaxError } from '../errors.ts'
import type { Operation } from '../operation.ts'

type Api = typeof import('@opentelemetry/api')

let loading: Promise<Api | undefined> | undefined

/** The API of OpenTelemetry, where it is installed beside hivewax. It does nothing unless an SDK is registered. */
function loaded(): Promise<Api | undefined> {
  loading ??= import('@opentelemetry/api').catch(() => undefined)
  return loading
}

/**
 * Runs an operation in a span of its name, where OpenTelemetry traces this process. The span of a failure has the
 * code of its error as `error.type`; spans carry nothing of what is stored, names included.
 */
export async function traced<T>({ name }: Operation, run: () => Promise<T>): Promise<T> {
  const api = await loaded()
  if (api === undefined) return run()
  return api.trace.getTracer('hivewax').startActiveSpan(name, async span => {
    try {
      return await run()
    } catch (error) {
      span.setAttribute('error.type', error instanceof HivewaxError ? error.code : 'unknown')
      span.setStatus({ code: api.SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

/** Runs what a request asks for as part of the trace that its headers name, unless it is part of one already. */
export async function inTraceOf<T>(headers: () => Record<string, string>, run: () => Promise<T>): Promise<T> {
  const api = await loaded()
  if (api === undefined) return run()
  const { context, propagation, trace } = api
  const here = context.active()
  const within = trace.getSpan(here) === undefined ? propagation.extract(here, headers()) : here
  return context.with(within, run)
}
