import type { View } from '../view.ts'
import type { SharedChange, SharedEntry } from './shared.ts'
import type { SharedLease } from './shared-leases.ts'

export const sharedView: View<SharedEntry> = {
  columns: ['key', 'value', 'version', 'updatedBy', 'updatedAt'],
  rest: 'value',
  fields: ['key', 'value', 'version', 'updatedBy', 'updatedAt', 'revision', 'leaseId', 'author'],
}

export const sharedChangeView: View<SharedChange> = {
  columns: ['version', ['change', change], 'value', 'updatedBy', 'updatedAt'],
  rest: 'value',
  fields: ['key', 'version', 'value', 'deleted', 'updatedBy', 'updatedAt', 'revision', 'author'],
}

function change({ deleted }: SharedChange): string {
  return deleted ? 'deleted' : 'stored'
}

export const sharedLeaseView: View<SharedLease> = {
  columns: ['id', 'owner', 'grantedAt', 'remainingMs', 'ttlMs'],
  rest: 'owner',
  fields: ['id', 'owner', 'ttlMs', 'grantedAt', 'remainingMs'],
}
