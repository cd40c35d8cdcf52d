import type { View } from '../view.ts'
import type { ConsumerGroup } from './consumer-groups.ts'
import type { EventRecord } from './events.ts'

export const eventView: View<EventRecord> = {
  columns: ['id', 'timestamp', 'type', 'source', 'data'],
  rest: 'data',
  fields: ['id', 'type', 'source', 'data', 'timestamp', 'author'],
}

export const groupView: View<ConsumerGroup> = {
  columns: ['group', 'position', 'lag', 'consumer', 'updatedAt'],
  rest: 'consumer',
  fields: ['group', 'position', 'lag', 'consumer', 'updatedAt'],
}
