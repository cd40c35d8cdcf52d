// What `node --import` loads before a server of the tests, as one who traces it would: OpenTelemetry's own SDK, and an
// exporter that appends each span to the file HIVEWAX_TEST_SPANS, one line of JSON each.
import fs from 'node:fs'
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node'

const file = process.env.HIVEWAX_TEST_SPANS ?? ''

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans) {
      const { name, attributes, status } = span
      const { traceId } = span.spanContext()
      const parent = span.parentSpanContext?.spanId
      fs.appendFileSync(file, `${JSON.stringify({ name, traceId, parent, attributes, status })}\n`)
    }
    done({ code: 0 })
  },
  async shutdown() {},
}

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
