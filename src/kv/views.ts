import { changeOf } from '../db/history/version.ts'
import type { View } from '../view.ts'
import type { NamespaceCount } from './namespaces.ts'
import type { MemoryVersion } from './past.ts'
import type { MemoryRecord } from './record.ts'

export const memoryView: View<MemoryRecord> = {
  columns: ['key', 'namespace', 'value', 'updatedAt', 'expiresAt', 'author'],
  rest: 'value',
  fields: [
    'key',
    'namespace',
    'value',
    'metadata',
    'createdAt',
    'updatedAt',
    'expiresAt',
    'revision',
    'author',
  ],
}

export const memoryVersionView: View<MemoryVersion> = {
  columns: ['revision', ['change', changeOf], 'value', 'updatedAt', 'author', 'redacted'],
  rest: 'value',
  fields: [
    'key',
    'namespace',
    'value',
    'metadata',
    'expiresAt',
    'revision',
    'deleted',
    'author',
    'updatedAt',
    'redacted',
  ],
}

export const namespaceView: View<NamespaceCount> = {
  columns: ['namespace', 'count'],
  rest: 'namespace',
  fields: ['namespace', 'count'],
}
