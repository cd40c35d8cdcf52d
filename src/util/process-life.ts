import fs from 'node:fs'
import { systemCode } from './file-error.ts'

/** A process, as others that see the same machine can find out whether it is over. */
export interface ProcessMark {
  /** Where numbers of processes and the times of their starts compare: a boot, and namespaces of it. */
  readonly machine: string
  /** Its number, and when it was started, since numbers are given out again. */
  readonly process: string
}

let own: { mark: ProcessMark | undefined } | undefined

/** The mark of this process; undefined where the system does not tell (it is Linux that does). */
export function ownMark(): ProcessMark | undefined {
  own ??= { mark: readOwnMark() }
  return own.mark
}

/**
 * Whether a process of this machine is over, by its mark. One that may be there is not: another user's that the system
 * hides, say, or one that is stopped.
 */
export function isOver(process: string): boolean {
  const [, pid, start] = /^([1-9]\d*) (\d+)$/.exec(process) ?? []
  if (pid === undefined) return false
  if (!isThere(Number(pid))) return true
  const found = readStat(pid)
  return found !== undefined && (found.isDead || found.start !== start)
}

function readOwnMark(): ProcessMark | undefined {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // A single number: /proc is that of the namespace in which this process has its number, and not one around it.
    const isOwn = new RegExp(`^NSpid:\\s+${process.pid}$`, 'm').test(
      fs.readFileSync('/proc/self/status', 'utf8'),
    )
    const start = readStat('self')?.start
    if (!isOwn || start === undefined) return
    const machine = [boot, fs.readlinkSync('/proc/self/ns/pid'), timeNamespace()].join(' ')
    return { machine, process: `${process.pid} ${start}` }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return
  }
}

/** In which the time of a start is told; there were none before Linux 5.6. */
function timeNamespace(): string {
  const link = '/proc/self/ns/time'
  return fs.existsSync(link) ? fs.readlinkSync(link) : ''
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; undefined where it cannot be read. */
function readStat(pid: string): { isDead: boolean; start: string | undefined } | undefined {
  let text: string
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return
  }
  // The name of the program may hold anything; the fields from the third on come after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { isDead: fields[0] === 'Z' || fields[0] === 'X', start: fields[19] }
}
