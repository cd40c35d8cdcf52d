import fs from 'node:fs'
import path from 'node:path'

/** Branches whose names say nothing of the work that is done there. */
const common = new Set(['main', 'master', 'trunk', 'develop', 'dev'])

/** The branch that a folder's checkout is on, where its name may say what the work is about. */
export function branchOf(folder: string | undefined): string | undefined {
  for (let at = folder && path.resolve(folder); at; ) {
    const found = headOf(path.join(at, '.git'))
    if (found !== undefined) return found.startsWith(prefix) ? named(found.slice(prefix.length)) : undefined
    const parent = path.dirname(at)
    at = parent === at ? undefined : parent
  }
  return undefined
}

const prefix = 'ref: refs/heads/'

function named(branch: string): string | undefined {
  return common.has(branch) ? undefined : branch
}

/** What `HEAD` says; in a worktree `.git` is a file that names the folder where that is. Undefined for no checkout. */
function headOf(git: string): string | undefined {
  try {
    const link = fs.statSync(git).isFile() ? fs.readFileSync(git, 'utf8').trim() : undefined
    const folder = link === undefined ? git : path.resolve(path.dirname(git), link.replace(/^gitdir: /, ''))
    return fs.readFileSync(path.join(folder, 'HEAD'), 'utf8').trim()
  } catch {
    return undefined
  }
}
