import type { View } from '../view.ts'
import type { Orphan } from './orphans.ts'
import type { HotKey } from './usage.ts'

export const hotKeyView: View<HotKey> = {
  columns: ['key', 'namespace', 'reads'],
  rest: 'key',
  fields: ['namespace', 'key', 'reads'],
}

export const orphanView: View<Orphan> = {
  columns: ['id', 'table', 'reason'],
  rest: 'reason',
  fields: ['table', 'id', 'reason'],
}
