import type { View } from '../view.ts'
import type { Retention } from './history.ts'

export const retentionView: View<Retention> = {
  columns: ['namespace', 'versions', 'days'],
  rest: 'namespace',
  fields: ['namespace', 'versions', 'days'],
}
