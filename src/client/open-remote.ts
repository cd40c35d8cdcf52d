import { EventEmitter } from 'node:events'
import { Memory } from '../memory.ts'
import type { Grant } from '../tokens/token.ts'
import { checkInteger, checkName } from '../util/check.ts'
import { defaultMaxValueBytes } from '../util/json.ts'
import { environmentToken } from './environment-token.ts'
import { Remote, remoteMaintenance, remoteRecords } from './remote-records.ts'
import { type CallHeaders, ServerConnection } from './server-connection.ts'

export interface RemoteOptions {
  /** The access token of the caller. Default: HIVEWAX_TOKEN, else what the file named by HIVEWAX_TOKEN_FILE holds. */
  token?: string | undefined
  agentId?: string | undefined
  busyTimeoutMs?: number | undefined
  maxValueBytes?: number | undefined
  /** Make no call that writes. */
  readOnly: boolean
}

/**
 * A handle on the store of a server, of the same shape as one on a file.
 * @throws Unauthorized when the server does not know the token, or that of the environment is for another one, Storage when nothing answers there
 */
export async function openRemote(url: string, options: RemoteOptions): Promise<Memory> {
  const connection = new ServerConnection(url, {
    token: options.token ?? environmentToken(url),
    busyTimeoutMs: options.busyTimeoutMs ?? 5_000,
    readOnly: options.readOnly,
    maxBytes: 16 * (options.maxValueBytes ?? defaultMaxValueBytes),
  })
  const emitter = new EventEmitter()
  const handle = (as: CallHeaders, signal?: AbortSignal): Memory => {
    const remote = new Remote(connection, as, signal)
    return new Memory({
      records: remoteRecords(remote),
      maintenance: remoteMaintenance(remote),
      emitter,
      url: connection.url,
      isReadOnly: options.readOnly,
      agentId: as.agentId,
      as: (agentId, { incarnation } = {}) => {
        checkName('agentId', agentId)
        if (incarnation !== undefined) checkInteger('incarnation', incarnation, 0)
        return handle({ agentId, incarnation }, signal)
      },
      // The server knows who calls it, and how.
      through: () => handle(as, signal),
      until: signal => handle(as, signal),
      close: async () => connection.close(),
    })
  }
  // Says at once, and not at the first call, that no server answers or the token is wrong.
  const grant = (await connection.send('hello', { method: 'GET', isIdempotent: true })) as Grant
  return handle({ agentId: options.agentId ?? grant.agentId })
}
