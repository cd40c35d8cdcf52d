import { redactNames as redaction } from '../db/history/redact.ts'
import { optionChecks } from '../util/options.ts'
import { pageNames as page } from '../util/page.ts'
import type { Kv } from './kv.ts'

const namespace = { namespace: true } as const
const past = { asOf: true, revision: true } as const
const record = {
  ...namespace,
  ttl: true,
  expiresAt: true,
  metadata: true,
  ifAbsent: true,
  expectedRevision: true,
} as const

/** Refuses what a method does not know. */
export const checkKv = optionChecks<Kv>('kv', {
  store: record,
  storeMany: { key: true, value: true, ...record },
  retrieve: { ...namespace, ...past },
  retrieveMany: namespace,
  get: { ...namespace, ...past },
  search: { ...namespace, ...page, asOf: true },
  history: { ...namespace, ...page },
  diff: { ...namespace, from: true, to: true },
  revert: { ...namespace, revision: true },
  redact: { ...namespace, ...redaction },
  namespaces: page,
  delete: namespace,
})
