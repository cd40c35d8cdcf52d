import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isSystemError, WrongUsage } from '../errors.ts'

/** What the user asked for. */
export interface Options {
  /** The directory to measure, absolute. */
  directory: string
  /** Where the memory is: a file, absolute, or the URL of a PostgreSQL database. */
  location: string
}

export const usage = `Usage: npm start [-- [DIRECTORY] [--db FILE | --url URL]]

A swarm of processes measures the files of DIRECTORY (default: the current one) and keeps what it found in FILE
(default: DIRECTORY/.swarm/memory.db), or in the PostgreSQL database of URL (postgres://…). Run it twice: the second
run remembers the first.`

/** Reads the command line; undefined when it asks for help. Throws WrongUsage. */
export function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  if (positionals.length > 1)
    throw new WrongUsage(`one directory at a time, not ${positionals.join(' and ')}`)
  const directory = path.resolve(positionals[0] ?? '.')
  checkDirectory(directory)
  return { directory, location: locationOf(values) ?? path.join(directory, '.swarm', 'memory.db') }
}

function locationOf({ db, url = db }: { db?: string; url?: string }): string | undefined {
  if (db !== undefined && url !== db) throw new WrongUsage('--db and --url are the same: give one of them')
  if (url === ':memory:') throw new WrongUsage('several processes cannot share :memory:, name a file')
  return url === undefined || isServer(url) ? url : path.resolve(url)
}

/** Whether the memory is on a server and not in a file. */
export function isServer(location: string): boolean {
  return location.includes('://')
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { db: { type: 'string' }, url: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error))
  }
}

function checkDirectory(directory: string): void {
  try {
    fs.readdirSync(directory)
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new WrongUsage(`cannot read the directory ${directory}: ${reasons.get(error.code) ?? error.code}`)
  }
}

const reasons = new Map([
  ['ENOENT', 'it does not exist'],
  ['ENOTDIR', 'it is a file'],
  ['EACCES', 'permission denied'],
])
