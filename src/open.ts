import { Unsupported } from './errors.ts'
import { isServer, locate, prepareSwarmFolder } from './location/location.ts'
import type { Memory } from './memory.ts'
import { type Backend, openFile, openPostgres } from './store/backend.ts'
import { actingAgent, checkOptions, isReadOnly, type OpenOptions } from './store/open-options.ts'
import { Store } from './store/store.ts'

export type { OpenOptions } from './store/open-options.ts'

/**
 * Opens the memory, creating it when it does not exist.
 * @param location a file path, `:memory:` for a private one that ends with the handle, or nothing for the
 *   project's own: HIVEWAX_URL, else `.swarm/config.json`, else `.swarm/memory.db` at the project's root
 * @throws InvalidInput `foreign_store` for a database of another program, Unsupported for a newer store,
 *   Storage when the file or its folder may not be written, Corrupt when it is damaged
 */
export async function openMemory(location?: string, options: OpenOptions = {}): Promise<Memory> {
  checkOptions(options)
  const { url, reason } = locate(location)
  if (/^https?:\/\//i.test(url)) return openServer(url, options)
  const store = new Store(await openBackend(url, options), { ...options, reason })
  return store.memory()
}

async function openBackend(url: string, options: OpenOptions): Promise<Backend> {
  if (/^postgres(ql)?:\/\//i.test(url)) return openPostgres(url, options)
  if (isServer(url)) {
    throw new Unsupported(
      `cannot open ${url.replace(/:\/\/.*@/, '://…@')}: only files, :memory:, postgres:// and http:// are supported`,
    )
  }
  if (!isReadOnly(options)) prepareSwarmFolder(url)
  return openFile(url, options)
}

/** The client is loaded by those only who use it. */
async function openServer(url: string, options: OpenOptions): Promise<Memory> {
  const { openRemote } = await import('./client/open-remote.ts')
  return openRemote(url, { ...options, agentId: actingAgent(options), readOnly: isReadOnly(options) })
}
