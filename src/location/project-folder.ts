import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Doubt } from './doubts.ts'

/** The `.swarm` folder of the project that a folder is in. */
export interface ProjectFolder {
  readonly folder: string
  /** Why this one. */
  readonly reason: string
  /** The folder says that it belongs to another repository, which does not know it. */
  readonly doubts: readonly Doubt[]
}

/** The nearest `.swarm` up to the root of the repository; else where it would be made. */
export function projectFolder(cwd: string): ProjectFolder {
  const inside = ancestors(cwd)
  const existing = inside.find(folder => isThere(path.join(folder, '.swarm')))
  if (existing !== undefined)
    return { folder: path.join(existing, '.swarm'), reason: `found .swarm in ${existing}`, doubts: [] }
  const root = inside.find(folder => fs.existsSync(path.join(folder, '.git')))
  if (root === undefined)
    return { folder: path.join(cwd, '.swarm'), reason: 'the working directory', doubts: [] }
  const { main, doubts } = mainWorktree(root)
  return { folder: path.join(main, '.swarm'), reason: `the root of the repository ${main}`, doubts }
}

/** Also a link that leads nowhere is there: what it names would be made. */
function isThere(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

/** From `cwd` up to the root of its repository, or to the home directory, or to the top: no further. */
export function ancestors(cwd: string): string[] {
  const folders = []
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    folders.push(folder)
    const isTop = path.dirname(folder) === folder || folder === os.homedir()
    if (isTop || fs.existsSync(path.join(folder, '.git'))) return folders
  }
}

/**
 * The `.git` of a linked worktree is a file that names its git directory, where `commondir` names the one it
 * shares with the main worktree. A submodule has such a file too, but shares nothing.
 */
function mainWorktree(root: string): { main: string; doubts: Doubt[] } {
  const dotGit = path.join(root, '.git')
  if (fs.statSync(dotGit).isDirectory()) return { main: root, doubts: [] }
  const gitDir = path.resolve(
    root,
    /^gitdir: (.+)$/m.exec(fs.readFileSync(dotGit, 'utf8'))?.[1]?.trim() ?? '',
  )
  const pointer = path.join(gitDir, 'commondir')
  if (!fs.existsSync(pointer)) return { main: root, doubts: [] }
  const common = path.resolve(gitDir, fs.readFileSync(pointer, 'utf8').trim())
  if (path.basename(common) !== '.git') return { main: root, doubts: [] }
  const main = path.dirname(common)
  return { main, doubts: knows(common, gitDir, dotGit) ? [] : [isStranger(root, main)] }
}

/** Whether a repository has a worktree there: a folder can say of itself what it likes. */
function knows(common: string, gitDir: string, dotGit: string): boolean {
  if (path.dirname(path.dirname(gitDir)) !== common) return false
  const back = path.join(gitDir, 'gitdir')
  return (
    fs.existsSync(back) && real(path.resolve(gitDir, fs.readFileSync(back, 'utf8').trim())) === real(dotGit)
  )
}

function real(file: string): string | undefined {
  return fs.existsSync(file) ? fs.realpathSync(file) : undefined
}

function isStranger(root: string, main: string): Doubt {
  return {
    project: root,
    what: `worktree of ${main}`,
    message: `${path.join(root, '.git')} calls this a worktree of ${main}, which does not know it`,
  }
}
