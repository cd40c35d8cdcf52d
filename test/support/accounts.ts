import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { hivewaxFile } from './cli.ts'

/** Whether tests may act as other accounts; where they may not, they are skipped. */
export const isRoot = process.geteuid?.() === 0

/** An account that owns nothing here. */
export const nobody = { uid: 65_534, gid: 65_534 }

export interface Account {
  uid: number
  gid: number
  /** Further groups. Default: none. */
  groups?: number[]
}

/** Lets other accounts into a folder of the test's, and into those that it is in. */
export function letIn(folder: string, mode = 0o755): string {
  for (let outer = path.dirname(folder); outer !== path.dirname(outer); outer = path.dirname(outer)) {
    const { mode: present } = fs.statSync(outer)
    if ((present & 0o001) === 0) fs.chmodSync(outer, present | 0o011)
  }
  fs.chmodSync(folder, mode)
  return folder
}

/** Runs `hivewax` as an account, and perhaps by a command before it. */
export function hivewaxAs({ uid, gid, groups = [] }: Account, args: string[], before: string[] = []) {
  const become = `
    process.setgroups(${JSON.stringify(groups)}); process.setgid(${gid}); process.setuid(${uid})
    process.umask(0o022)
    process.argv.splice(1, 1)
    await import(process.argv[1])`
  const [command = '', ...rest] = [
    ...before,
    ...[process.execPath, '--input-type=module', '-e', become, '--', 'hivewax'],
    ...[hivewaxFile, ...args],
  ]
  const { status, stdout, stderr } = spawnSync(command, rest, {
    encoding: 'utf8',
    input: '',
    timeout: 300_000,
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TZ: 'UTC' },
  })
  return { status, stdout, stderr }
}
