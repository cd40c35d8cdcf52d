import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { cliEnv, hivewaxFile } from './cli.ts'

/** util-linux's script(1) gives a program a terminal; the macOS one takes other arguments. */
export const hasScript =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

/** A program at a terminal: what it shows, and what the user types. */
export interface Terminal {
  readonly shown: () => string
  readonly type: (text: string) => void
  readonly until: (wanted: string) => Promise<void>
  readonly exited: Promise<number | null>
}

/** Runs `hivewax` in a folder, at a terminal of 80 columns and 24 rows unless `columns` says otherwise. */
export function atTerminal(
  folder: string,
  args: string,
  env: NodeJS.ProcessEnv = {},
  columns = 80,
): Terminal {
  const command = `stty cols ${columns} rows 24; exec '${process.execPath}' '${hivewaxFile}' ${args}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: cliEnv(folder, { SHELL: '/bin/sh', ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part
  })
  const exited = once(child, 'close').then(([code]) => code as number | null)
  const until = async (wanted: string) => {
    while (!text.includes(wanted)) {
      const more = await Promise.race([once(child.stdout, 'data'), exited])
      if (!Array.isArray(more)) throw new Error(`${JSON.stringify(wanted)} was never shown, but:\n${text}`)
    }
    text = text.slice(text.indexOf(wanted) + wanted.length)
  }
  return { shown: () => text, type: typed => void child.stdin.write(typed), until, exited }
}
