import type { View } from '../view.ts'
import type { MetricRecord } from './metrics.ts'
import type { MetricSummary } from './summary.ts'

export const metricView: View<MetricRecord> = {
  columns: ['id', 'name', 'value', 'tags', 'timestamp'],
  rest: 'tags',
  fields: ['id', 'name', 'value', 'tags', 'timestamp'],
}

export const summaryView: View<MetricSummary> = {
  columns: ['group', 'count', 'mean', 'p50', 'p95', 'p99'],
  rest: 'group',
  fields: ['group', 'count', 'mean', 'min', 'max', 'p50', 'p95', 'p99', 'exact'],
}
