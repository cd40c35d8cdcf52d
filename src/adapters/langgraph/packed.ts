import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { Corrupt } from '../../errors.ts'
import type { Json } from '../../util/json.ts'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

/** What a serializer made of a value: its type and its bytes. */
export type Packed = [type: string, bytes: string]

/**
 * Bytes are kept as hexadecimal digits of their deflated form: smaller than the JSON they mostly are, and one single
 * word to full text, which would otherwise find the words of every state that a graph ever had.
 */
export async function pack(serde: SerializerProtocol, value: unknown): Promise<Packed> {
  const [type, bytes] = await serde.dumpsTyped(value)
  return [type, (await deflate(bytes)).toString('hex')]
}

export async function unpack(serde: SerializerProtocol, packed: Json | undefined): Promise<unknown> {
  const [type, bytes] = Array.isArray(packed) ? packed : []
  if (typeof type !== 'string' || typeof bytes !== 'string') {
    throw new Corrupt('a record among the checkpoints of LangGraph was not written by HivewaxSaver')
  }
  const data = await inflate(Buffer.from(bytes, 'hex')).catch(cause => {
    throw new Corrupt('a checkpoint of LangGraph cannot be read: its bytes are damaged', { cause })
  })
  return serde.loadsTyped(type, new Uint8Array(data))
}
