import type { RunnableConfig } from '@langchain/core/runnables'
import { getCheckpointId } from '@langchain/langgraph-checkpoint'
import { InvalidInput } from '../../errors.ts'
import { describe } from '../../util/check.ts'
import { asName, maxNamespaceBytes } from '../records.ts'

/** What a checkpoint's id may consist of, in the order in which the store sorts it. */
const alphabet = '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

/** Which checkpoint a config names; without `id` the newest. */
export interface At {
  readonly thread: string
  readonly ns: string
  readonly id: string | undefined
}

/** @throws InvalidInput when it names no thread */
export function addressed(config: RunnableConfig): At {
  const { thread_id: thread, checkpoint_ns: ns = '' } = config.configurable ?? {}
  if (typeof thread !== 'string' || thread === '') {
    throw new InvalidInput(
      `configurable.thread_id must be a string that is not empty, got ${describe(thread)}`,
      {
        hint: 'Pass { configurable: { thread_id: … } } with every call of the graph.',
      },
    )
  }
  if (typeof ns !== 'string') {
    throw new InvalidInput(`configurable.checkpoint_ns must be a string, got ${describe(ns)}`)
  }
  return { thread, ns, id: getCheckpointId(config) || undefined }
}

/** All records of a thread: deleting it is clearing a namespace. */
export function threadNamespace(base: string, thread: string): string {
  const prefix = `${base}/thread/`
  return prefix + asName(thread, maxNamespaceBytes - prefix.length)
}

/** The key of a checkpoint, or the beginning of all keys of its namespace; newest first in the order of keys. */
export function checkpointKey(ns: string, id = ''): string {
  return `checkpoint/${segment(ns)}/${id && newestFirst(id)}`
}

/** The key of what one task wrote, or the beginning of the keys of all tasks of a checkpoint. */
export function writesKey(ns: string, id: string, task?: string): string {
  return `writes/${segment(ns)}/${newestFirst(id)}/${task === undefined ? '' : segment(task)}`
}

/** The key of what a channel held at a version. */
export function valueKey(ns: string, channel: string, version: string | number): string {
  return `value/${segment(ns)}/${segment(channel)}/${segment(String(version))}`
}

/** A text between two slashes. */
function segment(text: string): string {
  if (text === '') return ''
  return asName(text.isWellFormed() ? encodeURIComponent(text) : text, 100)
}

/** A name that sorts the other way round: ids of checkpoints rise with time, and the newest is asked for most. */
function newestFirst(id: string): string {
  const digits = [...id].map(character => alphabet.indexOf(character))
  if (id.length > 100 || digits.includes(-1)) {
    throw new InvalidInput(`checkpoint_id must be up to 100 letters, digits and -._, got ${describe(id)}`)
  }
  return `${digits.map(digit => alphabet.at(-1 - digit)).join('')}~`
}
