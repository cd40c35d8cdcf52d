// One set-up at a time. The lock is a directory that holds one file, named by its owner's process id: renaming
// such a directory into place takes the lock and names its owner in one step, and fails while another owner's
// file is inside. So a lock left behind can be taken over by removing exactly that owner's file, and nobody
// can remove a lock taken since.
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** After this long a lock counts as left behind even when a process with its owner's id lives: ids are reused. */
const staleMs = 30 * 60_000
const pollMs = 100

/**
 * Runs `action` while no other process's action runs in the same project.
 * @param {string} root
 * @param {() => unknown} action
 */
export async function withLock(root, action) {
  const lock = join(root, '.setup-lock')
  await take(lock)
  try {
    await action()
  } finally {
    removeOwner(lock, String(process.pid))
  }
}

/** @param {string} lock */
async function take(lock) {
  let told = false
  while (!tryTake(lock)) {
    const owner = ownerOf(lock)
    if (owner !== undefined && isGone(lock, owner)) removeOwner(lock, owner)
    else if (!told) told = tell(owner)
    await sleep(pollMs)
  }
}

/** @param {string} lock */
function tryTake(lock) {
  const mine = `${lock}-${process.pid}`
  mkdirSync(mine, { recursive: true })
  writeFileSync(join(mine, String(process.pid)), '')
  try {
    renameSync(mine, lock)
    return true
  } catch (error) {
    rmSync(mine, { recursive: true })
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) return false
    throw error
  }
}

/**
 * The process id in the lock; absent when the lock was given back a moment ago.
 * @param {string} lock
 */
function ownerOf(lock) {
  return ignoring(['ENOENT'], () => readdirSync(lock)[0])
}

/**
 * @param {string} lock
 * @param {string} owner
 */
function isGone(lock, owner) {
  const taken = ignoring(['ENOENT'], () => statSync(join(lock, owner)).mtimeMs)
  return !isAlive(Number(owner)) || (taken !== undefined && Date.now() - taken > staleMs)
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

/**
 * Leaves the lock alone when it has another owner by now.
 * @param {string} lock
 * @param {string} owner
 */
function removeOwner(lock, owner) {
  rmSync(join(lock, owner), { force: true })
  ignoring(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(lock))
}

/** @param {string | undefined} owner */
function tell(owner) {
  if (owner !== undefined) process.stderr.write(`hivewax: waiting for the set-up of process ${owner}\n`)
  return owner !== undefined
}

/**
 * @template T
 * @param {string[]} codes
 * @param {() => T} action
 * @returns {T | undefined}
 */
function ignoring(codes, action) {
  try {
    return action()
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined
    throw error
  }
}

/**
 * @param {unknown} error
 * @param {string[]} codes
 */
function hasCode(error, ...codes) {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
