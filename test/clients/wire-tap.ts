import fs from 'node:fs'
import { recordedVariables, wireBase } from './wire.ts'

/** Keeps in a folder what this process, started with `args`, reads and writes on its standard streams. */
export function tapWire(folder: string, args: readonly string[]): void {
  const base = wireBase(folder, args)
  const keep = (side: string, chunk: unknown) => {
    if (chunk !== null) fs.appendFileSync(`${base}.${side}`, chunk as Uint8Array)
  }
  const known = recordedVariables.filter(name => process.env[name] !== undefined)
  keep('env', JSON.stringify(Object.fromEntries(known.map(name => [name, process.env[name]]))))
  const { stdin, stdout } = process
  const push = stdin.push.bind(stdin)
  stdin.push = (...args: Parameters<typeof push>) => {
    keep('in', args[0])
    return push(...args)
  }
  const write = stdout.write.bind(stdout) as (...args: unknown[]) => boolean
  stdout.write = (...args: unknown[]) => {
    keep('out', args[0])
    return write(...args)
  }
  // Short commands write past the streams.
  const { writeSync } = fs as { writeSync: (fd: number, ...args: unknown[]) => number }
  fs.writeSync = (fd: number, ...args: unknown[]) => {
    if (fd === stdout.fd) keep('out', args[0])
    return writeSync(fd, ...args)
  }
}
