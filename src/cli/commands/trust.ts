import fs from 'node:fs'
import path from 'node:path'
import { InvalidInput } from '../../errors.ts'
import { type Doubt, realTarget } from '../../location/doubts.ts'
import { projectDoubts } from '../../location/location.ts'
import { isSame, readTrusted, type Trusted, trustedBy, trustFile } from '../../location/trusted.ts'
import { writeWhole } from '../../util/write-whole.ts'
import type { Cli } from '../cli.ts'

interface TrustInput {
  project?: string
  list?: boolean
  remove?: boolean
}

/** Notes what speaks against a project as accepted by the user, lists what was accepted, or takes it back. */
export async function run(cli: Cli, { project = '.', list, remove }: TrustInput): Promise<undefined> {
  if (list && remove) throw new InvalidInput('both --list and --remove are given')
  if (list) return printList(cli, readTrusted())
  if (remove) return takeBack(cli, path.resolve(project))
  await accept(cli, folderOf(project))
}

async function accept({ print }: Cli, folder: string): Promise<void> {
  const there = readTrusted()
  const isNew = (doubt: Doubt) => !there.some(entry => isSame(entry, trustedBy(doubt)))
  const doubts = projectDoubts(folder).filter(isNew)
  if (doubts.length > 0) await write([...there, ...doubts.map(trustedBy)])
  if (print.json) return print.document({ trusted: doubts.map(trustedBy) })
  for (const { message } of doubts) print.line(`trusted from now on: ${message}`)
  if (doubts.length === 0) print.note('nothing here needs to be trusted, or it is already')
}

/** Of the project that is there, or, once it is gone, of what had its place. */
async function takeBack({ print }: Cli, folder: string): Promise<undefined> {
  const projects = fs.existsSync(folder) ? projectDoubts(folder).map(doubt => trustedBy(doubt).project) : []
  const all = [realTarget(folder), ...projects]
  const there = readTrusted()
  const removed = there.filter(({ project }) => all.includes(project))
  if (removed.length > 0) await write(there.filter(entry => !removed.includes(entry)))
  if (print.json) print.document({ removed })
  else for (const { project, what } of removed) print.line(`no longer trusted: ${project}: ${what}`)
  if (removed.length === 0) print.note('nothing of it was trusted')
}

function printList({ print }: Cli, entries: readonly Trusted[]): undefined {
  if (print.json) print.document({ file: trustFile(), trusted: entries })
  else print.list(entries)
}

async function write(entries: readonly Trusted[]): Promise<void> {
  const text = `${JSON.stringify(entries, undefined, 2)}\n`
  await writeWhole(trustFile(), async temporary => fs.writeFileSync(temporary, text))
}

function folderOf(name: string): string {
  const folder = path.resolve(name)
  if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  throw new InvalidInput(`${folder} is no folder`)
}
