import type { Client } from 'pg'
import { connectTimeoutMs } from './connections.ts'

/** What the driver's clients have and its types do not tell. */
export interface Cancellable {
  readonly processID: number
  readonly secretKey: number
}

interface Canceller extends Client {
  readonly connection: Client['connection'] & {
    connect(portOrPath: number | string, host?: string): void
    cancel(processID: number, secretKey: number): void
  }
}

/**
 * Ends what runs on a connection, by one more (`by`), as the protocol wants it. A server that is away has ended it already.
 * What runs there next may be ended too.
 */
export function cancel({ processID, secretKey }: Cancellable, by: Client): Promise<void> {
  const { connection, host, port } = by as Canceller
  return new Promise(resolve => {
    const late = setTimeout(() => connection.stream.destroy(), connectTimeoutMs)
    connection.on('error', () => {})
    connection.on('connect', () => connection.cancel(processID, secretKey))
    connection.on('end', () => {
      clearTimeout(late)
      resolve()
    })
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}
