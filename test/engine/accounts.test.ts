import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { type Account, hivewaxAs, isRoot, letIn, nobody } from '../support/accounts.ts'
import { startChild } from '../support/child.ts'
import { killedAfterStoring } from '../support/killed.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'

const owner: Account = { uid: 1_001, gid: 1_001 }
const canMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0

/** A store of an account, with records that are indexed and not, and its folder. */
async function storeOf({ uid, gid }: Account, modes: { file: number; folder: number }) {
  const folder = letIn(scratchFolder(), modes.folder)
  const file = path.join(folder, 'memory.db')
  const memory = await openMemory(file, { background: false })
  await memory.store('indexed', 'medlar')
  await memory.optimize()
  await memory.store('new', 'medlar')
  await memory.close()
  fs.chmodSync(file, modes.file)
  for (const each of [folder, file]) fs.chownSync(each, uid, gid)
  return { folder, file }
}

function runner(account: Account, file: string, before: string[]) {
  return (...args: string[]) => {
    const ran = hivewaxAs(account, ['--url', file, ...args], before)
    expect(ran, `${args.join(' ')}: ${ran.stderr}`).toMatchObject({ status: 0 })
    return ran.stdout
  }
}

/** Has an account read a store by the command line. */
function expectReading(account: Account, file: string, before: string[] = []): void {
  const run = runner(account, file, before)
  expect(run('find', 'medlar', '--plain').split('\n')).toHaveLength(3)
}

/** Has an account do all that only reads. */
function expectAllReading(account: Account, file: string, before: string[] = []): void {
  const run = runner(account, file, before)
  expectReading(account, file, before)
  expect(run('retrieve', 'new')).toBe('medlar\n')
  expect(run('search', '*', '--plain').split('\n')).toHaveLength(3)
  expect(run('doctor')).toContain('the memory is only read')
  const target = letIn(scratchFolder(), 0o777)
  run('backup', path.join(target, 'backup.db'))
  expect(fs.statSync(path.join(target, 'backup.db')).size).toBeGreaterThan(0)
}

function expectRefusal(account: Account, file: string, before: string[] = []): void {
  const { status, stderr } = hivewaxAs(account, ['--url', file, 'store', 'k', '1'], before)
  expect(status).toBe(1)
  expect(stderr).toContain('nothing can be written')
}

describe('an account that does not own a store', () => {
  beforeEach(({ skip }) => skip(!isRoot, 'only root can act as other accounts'))

  it('reads it where it may write neither file nor folder, and leaves nothing behind', async () => {
    const { folder, file } = await storeOf(owner, { file: 0o644, folder: 0o755 })
    expectAllReading(nobody, file)
    expectRefusal(nobody, file)
    expect(fs.readdirSync(folder)).toEqual(['memory.db'])
  })

  it('reads it where it may write the folder only, and the owner writes on', async () => {
    const { folder, file } = await storeOf(owner, { file: 0o644, folder: 0o777 })
    expectReading(nobody, file)
    expectRefusal(nobody, file)
    expect(fs.readdirSync(folder)).toEqual(['memory.db'])
    expect(hivewaxAs(owner, ['--url', file, 'store', 'mine', '1'])).toMatchObject({ status: 0 })
  })

  it('reads it while the owner has it open, and sees what that writes', async () => {
    const { file } = await storeOf({ uid: 0, gid: 0 }, { file: 0o644, folder: 0o755 })
    const memory = await openScratch({}, file)
    await memory.store('live', 1)
    expect(hivewaxAs(nobody, ['--url', file, 'retrieve', 'live'])).toMatchObject({ status: 0, stdout: '1\n' })
    expectReading(nobody, file)
    await memory.store('live', 2)
    expect(hivewaxAs(nobody, ['--url', file, 'retrieve', 'live'])).toMatchObject({ stdout: '2\n' })
  })

  it('writes it by its group, beside the owner, whoever opened it first', async () => {
    const group = 2_000
    const { folder, file } = await storeOf({ ...owner, gid: group }, { file: 0o660, folder: 0o770 })
    const member: Account = { ...nobody, groups: [group] }
    const second: Account = { ...owner, groups: [group] }
    for (const [account, key] of [
      [member, 'theirs'],
      [second, 'mine'],
    ] as const)
      expect(hivewaxAs(account, ['--url', file, 'store', key, '1'])).toMatchObject({ status: 0 })
    const holder = startChild('hold-as', file, JSON.stringify(member))
    await holder.until(line => line === 'holding')
    const log = fs.statSync(`${file}-wal`)
    expect({ uid: log.uid, gid: log.gid, mode: log.mode & 0o777 }).toEqual({
      uid: member.uid,
      gid: group,
      mode: 0o660,
    })
    expect(hivewaxAs(second, ['--url', file, 'store', 'beside', '1'])).toMatchObject({ status: 0 })
    holder.process.stdin?.end()
    expect(await holder.exited).toBe(0)
    expect(fs.readdirSync(folder)).toEqual(['memory.db'])
  })

  it('reads a store whose log belongs to another account, and is told so', async () => {
    const { file } = await storeOf(owner, { file: 0o644, folder: 0o755 })
    for (const end of ['-wal', '-shm']) fs.writeFileSync(file + end, '')
    const { status, stderr } = hivewaxAs(owner, ['--url', file, 'store', 'k', '1'])
    expect(status).toBe(1)
    expect(stderr).toContain(`${file}-wal may not be written`)
  })

  it('reads its own store where the file or the folder is closed to writes', async () => {
    for (const modes of [
      { file: 0o444, folder: 0o755 },
      { file: 0o644, folder: 0o555 },
    ]) {
      const { file } = await storeOf(owner, modes)
      expectReading(owner, file)
      expectRefusal(owner, file)
    }
  })
})

describe('a store on a mount that can only be read', () => {
  beforeEach(({ skip }) => skip(!canMount, 'mounts need root, and a namespace of their own'))

  /** What runs a command where a folder is mounted so. */
  const mounted = (folder: string) => [
    ...['unshare', '--mount', 'sh', '-c'],
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
    folder,
  ]

  it('is read, and stays as it is', async () => {
    const { folder, file } = await storeOf(owner, { file: 0o644, folder: 0o755 })
    const root: Account = { uid: 0, gid: 0 }
    expectAllReading(root, file, mounted(folder))
    expectRefusal(root, file, mounted(folder))
    expect(fs.readdirSync(folder)).toEqual(['memory.db'])
  })

  it('is read with the log that a killed process has left', async () => {
    const folder = letIn(scratchFolder())
    const file = path.join(folder, 'memory.db')
    const { key, value } = await killedAfterStoring(file)
    for (const account of [nobody, { uid: 0, gid: 0 }]) {
      const { stdout } = hivewaxAs(account, ['--url', file, 'retrieve', key], mounted(folder))
      // Only root may read what a killed process of its own has left.
      expect(stdout).toBe(account.uid === 0 ? `${value}\n` : '')
    }
  })
})
