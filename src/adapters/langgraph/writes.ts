import type {
  CheckpointPendingWrite,
  PendingWrite,
  SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { compareWritesSortKeys, WRITES_IDX_MAP, writesSortKey } from '@langchain/langgraph-checkpoint'
import type { Json } from '../../util/json.ts'
import { fields } from '../records.ts'
import { type Packed, pack, unpack } from './packed.ts'

/** A write of a task, as it is stored. Special channels (errors, interrupts …) have negative numbers. */
interface StoredWrite {
  index: number
  channel: string
  path: string
  value: Packed
}

/** All that a task wrote at a checkpoint, as one record. */
export interface TaskWrites {
  task: string
  writes: StoredWrite[]
}

export async function packWrites(
  serde: SerializerProtocol,
  writes: readonly PendingWrite[],
  path: string,
): Promise<StoredWrite[]> {
  return Promise.all(
    writes.map(async ([channel, value], i) => {
      return { index: WRITES_IDX_MAP[channel] ?? i, channel, path, value: await pack(serde, value) }
    }),
  )
}

/** What is stored and what comes: a write that is there stays, but for special ones, of which the last counts. */
export function merge(stored: readonly StoredWrite[], added: readonly StoredWrite[]): StoredWrite[] {
  const byIndex = new Map(stored.map(write => [write.index, write]))
  for (const write of added) if (write.index < 0 || !byIndex.has(write.index)) byIndex.set(write.index, write)
  return [...byIndex.values()]
}

export function taskWrites(value: Json | undefined): TaskWrites | undefined {
  // A record under a key of writes is written by the saver only; damage shows when its values are unpacked.
  return fields(value) as unknown as TaskWrites | undefined
}

/** The writes of all tasks of a checkpoint, in the order in which a live run applies them. */
export async function pendingWrites(
  serde: SerializerProtocol,
  tasks: readonly TaskWrites[],
): Promise<CheckpointPendingWrite[]> {
  const all = tasks.flatMap(({ task, writes }) =>
    writes.map(write => ({ task, write, key: writesSortKey(write.path, task, write.index) })),
  )
  all.sort((a, b) => compareWritesSortKeys(a.key, b.key))
  return Promise.all(
    all.map(async ({ task, write }): Promise<CheckpointPendingWrite> => {
      return [task, write.channel, await unpack(serde, write.value)]
    }),
  )
}
