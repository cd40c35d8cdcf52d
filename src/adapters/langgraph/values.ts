import type { ChannelVersions, SerializerProtocol } from '@langchain/langgraph-checkpoint'
import type { Memory } from '../../memory.ts'
import { valueKey } from './keys.ts'
import { type Packed, pack, unpack } from './packed.ts'

interface NewValues {
  /** The values of all channels. */
  readonly values: Readonly<Record<string, unknown>>
  /** The versions of the channels that changed. */
  readonly versions: ChannelVersions
}

/** Where the values of channels are stored. */
interface StoredValues {
  readonly namespace: string
  /** The namespace of the checkpoint. */
  readonly ns: string
  readonly versions: ChannelVersions
}

/**
 * The values of those channels that have a new version, as records of their own: a checkpoint names the versions, so
 * that what a step left as it was is not stored again.
 */
export async function valueRecords(
  serde: SerializerProtocol,
  ns: string,
  { values, versions }: NewValues,
): Promise<{ key: string; value: Packed }[]> {
  const changed = Object.entries(versions).filter(([channel]) => values[channel] !== undefined)
  return Promise.all(
    changed.map(async ([channel, version]) => {
      return { key: valueKey(ns, channel, version), value: await pack(serde, values[channel]) }
    }),
  )
}

/** The values of the versions that a checkpoint names. A channel that was emptied has none. */
export async function channelValues(
  memory: Memory,
  serde: SerializerProtocol,
  { namespace, ns, versions }: StoredValues,
): Promise<Record<string, unknown>> {
  const keys = new Map(
    Object.entries(versions).map(([channel, version]) => [channel, valueKey(ns, channel, version)]),
  )
  const found = await memory.kv.retrieveMany([...keys.values()], { namespace })
  const present = [...keys].filter(([, key]) => found.has(key))
  return Object.fromEntries(
    await Promise.all(present.map(async ([channel, key]) => [channel, await unpack(serde, found.get(key))])),
  )
}

/**
 * Rises with each step. The fraction is random, so that no two branches of a thread get the same version for values
 * that differ.
 */
export function nextVersion(current = 0): number {
  return Math.floor(current) + 1 + Math.random()
}
