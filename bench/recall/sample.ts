import type { Collection } from './collection.ts'

const notes: Readonly<Record<string, string>> = {
  'decision/storage': 'We keep sessions in SQLite, since one machine is enough for a year.',
  'decision/queue': 'Background jobs go through the task queue, never through cron.',
  'bug/login': 'Signing in failed for names with a space: the form was not encoded.',
  'bug/upload': 'Uploads above 8 MB were cut off by the proxy; its body limit is 64 MB now.',
  'how/release': 'To release, tag the commit, wait for the pipeline, then publish the package.',
  'how/rollback': 'Roll back by deploying the tag before; migrations are never undone by hand.',
}

const asked: Readonly<Record<string, string>> = {
  'Where do we keep sessions?': 'decision/storage',
  'why were large uploads cut off': 'bug/upload',
  'how to roll back a deploy': 'how/rollback',
  'publish a release': 'how/release',
}

/** A few notes of a project, to see that everything runs. */
export const sample: Collection = {
  set: 'sample',
  name: 'sample',
  records: Object.entries(notes).map(([key, value]) => ({ key, value })),
  questions: Object.entries(asked).map(([text, key]) => ({ text, relevant: new Map([[key, 1]]) })),
}
