import { isDeepStrictEqual } from 'node:util'
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  copyCheckpoint,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
} from '@langchain/langgraph-checkpoint'
import { InvalidInput } from '../../errors.ts'
import type { Memory } from '../../memory.ts'
import type { Json } from '../../util/json.ts'
import { baseNamespace, fields, isLostRace, scan } from '../records.ts'
import { type At, addressed, checkpointKey, threadNamespace, writesKey } from './keys.ts'
import { pack, unpack } from './packed.ts'
import { channelValues, nextVersion, valueRecords } from './values.ts'
import { merge, packWrites, pendingWrites, type TaskWrites, taskWrites } from './writes.ts'

export interface SaverOptions {
  /** What the namespaces of the checkpoints begin with; there is one for each thread. Default `langgraph`. */
  namespace?: string | undefined
  /** How values become bytes. Default: LangGraph's own. */
  serde?: SerializerProtocol | undefined
}

/** How a checkpoint is stored. */
type Stored = { [name: string]: Json } & { thread: string; ns: string; id: string; parent: string | null }

/**
 * A checkpointer of LangGraph over the store. What `put` and `putWrites` acknowledge is durable, and every process
 * that opens the store sees it: a thread that one process began goes on in another.
 */
export class HivewaxSaver extends BaseCheckpointSaver {
  readonly #memory: Memory
  readonly #namespace: string

  constructor(memory: Memory, { namespace = 'langgraph', serde }: SaverOptions = {}) {
    super(serde)
    this.#memory = memory
    // The hash of a long thread id has to fit behind it.
    this.#namespace = baseNamespace(namespace, '/thread/#'.length + 64)
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    if (config.configurable?.thread_id === undefined) return undefined
    const at = addressed(config)
    const namespace = threadNamespace(this.#namespace, at.thread)
    if (at.id !== undefined) {
      return this.#tuple(await this.#memory.kv.get(checkpointKey(at.ns, at.id), { namespace }))
    }
    const newest = await scan(this.#memory, namespace, { prefix: checkpointKey(at.ns), pageSize: 1 }).next()
    return newest.done ? undefined : this.#tuple(newest.value)
  }

  /** Newest first within each thread and namespace. Metadata is compared by value. */
  override async *list(
    config: RunnableConfig,
    { limit = Number.POSITIVE_INFINITY, before, filter = {} }: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const { checkpoint_ns: ns, checkpoint_id: id } = config.configurable ?? {}
    const beforeId = before?.configurable?.checkpoint_id
    const prefix = ns === undefined ? 'checkpoint/' : checkpointKey(ns)
    let left = limit
    for await (const namespace of this.#threads(config)) {
      for await (const record of scan(this.#memory, namespace, { prefix })) {
        if (left <= 0) return
        const stored = storedCheckpoint(record.value)
        if (stored === undefined || (id && stored.id !== id) || (beforeId && stored.id >= beforeId)) continue
        if (!(await this.#matches(stored, filter))) continue
        const tuple = await this.#tuple(record)
        if (tuple === undefined) continue
        left--
        yield tuple
      }
    }
  }

  // biome-ignore lint/complexity/useMaxParams: the signature is LangGraph's.
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread, ns, id: parent } = addressed(config)
    const { id } = checkpoint
    const value = {
      ...{ thread, ns, id, parent: parent ?? null },
      checkpoint: await pack(this.serde, { ...copyCheckpoint(checkpoint), channel_values: {} }),
      metadata: await pack(this.serde, metadata),
    }
    const namespace = threadNamespace(this.#namespace, thread)
    const values = await valueRecords(this.serde, ns, {
      values: checkpoint.channel_values,
      versions: newVersions,
    })
    const records = [...values, { key: checkpointKey(ns, id), value }]
    await this.#memory.kv.storeMany(records.map(record => ({ ...record, namespace })))
    return configOf({ thread, ns, id })
  }

  // biome-ignore lint/complexity/useMaxParams: the signature is LangGraph's.
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    task: string,
    taskPath = '',
  ): Promise<void> {
    const { thread, ns, id } = addressed(config)
    if (id === undefined)
      throw new InvalidInput('configurable.checkpoint_id is missing: writes belong to a checkpoint')
    const added = await packWrites(this.serde, writes, taskPath)
    const namespace = threadNamespace(this.#namespace, thread)
    const key = writesKey(ns, id, task)
    for (;;) {
      const record = await this.#memory.kv.get(key, { namespace })
      const value = { task, writes: merge(taskWrites(record?.value)?.writes ?? [], added) }
      try {
        await this.#memory.kv.store(key, value, { namespace, expectedRevision: record?.revision ?? 0 })
        return
      } catch (error) {
        // Another process wrote for the same task: what it wrote stays.
        if (!isLostRace(error)) throw error
      }
    }
  }

  /** Deletes a thread, all of it at once. */
  override async deleteThread(threadId: string): Promise<void> {
    await this.#memory.kv.clearNamespace(threadNamespace(this.#namespace, threadId))
  }

  override getNextVersion(current: number | undefined): number {
    return nextVersion(current)
  }

  async *#threads(config: RunnableConfig): AsyncGenerator<string> {
    if (config.configurable?.thread_id !== undefined) {
      yield threadNamespace(this.#namespace, addressed(config).thread)
      return
    }
    let cursor: string | undefined
    do {
      const page = await this.#memory.kv.namespaces({ limit: 1_000, cursor })
      for (const { namespace } of page.items) {
        if (namespace.startsWith(`${this.#namespace}/thread/`)) yield namespace
      }
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  async #tuple(record: { value: Json } | undefined): Promise<CheckpointTuple | undefined> {
    const stored = storedCheckpoint(record?.value)
    if (stored === undefined) return undefined
    const { thread, ns, id, parent } = stored
    // What was packed as a checkpoint is one.
    const checkpoint = (await unpack(this.serde, stored.checkpoint)) as Checkpoint
    checkpoint.channel_values = await channelValues(this.#memory, this.serde, {
      namespace: threadNamespace(this.#namespace, thread),
      ns,
      versions: checkpoint.channel_versions,
    })
    if (checkpoint.v < 4 && parent !== null)
      await this.#addPendingSends(checkpoint, { thread, ns, id: parent })
    return {
      config: configOf({ thread, ns, id }),
      checkpoint,
      metadata: (await unpack(this.serde, stored.metadata)) as CheckpointMetadata,
      pendingWrites: await this.#pendingWrites({ thread, ns, id }),
      ...(parent !== null && { parentConfig: configOf({ thread, ns, id: parent }) }),
    }
  }

  async #matches(stored: Stored, filter: Record<string, unknown>): Promise<boolean> {
    const wanted = Object.entries(filter)
    if (wanted.length === 0) return true
    const metadata: Record<string, unknown> = { ...((await unpack(this.serde, stored.metadata)) as object) }
    return wanted.every(([name, value]) => isDeepStrictEqual(metadata[name], value))
  }

  async #pendingWrites({ thread, ns, id = '' }: At) {
    const tasks: TaskWrites[] = []
    const namespace = threadNamespace(this.#namespace, thread)
    for await (const { value } of scan(this.#memory, namespace, { prefix: writesKey(ns, id) })) {
      const found = taskWrites(value)
      if (found !== undefined) tasks.push(found)
    }
    return pendingWrites(this.serde, tasks)
  }

  /** Before version 4 of the format, what was sent at a checkpoint belonged to the next one. */
  async #addPendingSends(checkpoint: Checkpoint, parent: At): Promise<void> {
    const writes = await this.#pendingWrites(parent)
    const versions = Object.values(checkpoint.channel_versions)
    checkpoint.channel_values[TASKS] = writes
      .filter(([, channel]) => channel === TASKS)
      .map(([, , value]) => value)
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined)
  }
}

function configOf({ thread, ns, id }: At): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: id } }
}

function storedCheckpoint(value: Json | undefined): Stored | undefined {
  // A record under a key of checkpoints is written by the saver only; damage shows when it is unpacked.
  return fields(value) as Stored | undefined
}
