import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Where the shell keeps what was typed, by the XDG convention, https://specifications.freedesktop.org/basedir-spec */
function historyFile(env = process.env): string {
  return path.join(env.XDG_STATE_HOME || path.join(os.homedir(), '.local', 'state'), 'hivewax', 'history')
}

/** The lines typed before, latest first. */
export function loadHistory(): string[] {
  try {
    return fs.readFileSync(historyFile(), 'utf8').split('\n').filter(Boolean)
  } catch {
    return [] // There is none yet, or it cannot be read: the shell works without.
  }
}

/** Keeps the lines, latest first, for the owner's eyes only, since they may hold what was stored. */
export function saveHistory(lines: readonly string[]): void {
  const file = historyFile()
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    fs.writeFileSync(file, lines.map(line => `${line}\n`).join(''), { mode: 0o600 })
  } catch {
    // A home that cannot be written costs the history, not the shell.
  }
}
