import type { View } from '../view.ts'
import type { Session } from './sessions.ts'

export const sessionView: View<Session> = {
  columns: ['id', 'data', 'lastAccessed', 'expiresAt', 'author'],
  rest: 'data',
  fields: ['id', 'data', 'createdAt', 'lastAccessed', 'expiresAt', 'ttl', 'author'],
}
