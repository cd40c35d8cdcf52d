import type { View } from '../view.ts'
import type { Token } from './tokens.ts'

export const tokenView: View<Token> = {
  columns: ['id', 'principal', 'permissions', 'namespaces', 'agentId', 'expiresAt'],
  rest: 'permissions',
  fields: ['id', 'principal', 'permissions', 'namespaces', 'agentId', 'createdAt', 'expiresAt'],
}
