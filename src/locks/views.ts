import type { View } from '../view.ts'
import type { HeldLock } from './locks.ts'

export const lockView: View<HeldLock> = {
  columns: ['name', 'owner', 'acquiredAt', 'remainingMs', 'token'],
  rest: 'owner',
  fields: ['name', 'owner', 'token', 'acquiredAt', 'remainingMs'],
}
