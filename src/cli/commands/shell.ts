import readline from 'node:readline'
import { InvalidInput } from '../../errors.ts'
import { askWith } from '../ask.ts'
import type { Cli } from '../cli.ts'
import { complete } from '../completion-candidates.ts'
import { reportFailure } from '../failure.ts'
import { loadHistory, saveHistory } from '../shell-history.ts'
import { splitWords } from '../split-words.ts'

/** A line that begins so is SQL, the whole of it, and goes to `query`. */
const sqlStart = /^(select|with|values|explain|pragma)\b/i

/** Reads commands from the terminal, or from a file or pipe; the exit code is that of the first that failed. */
export async function run(cli: Cli): Promise<number> {
  const { url } = await cli.memory()
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true
  const reader = readline.createInterface({
    input: process.stdin,
    ...(isInteractive && { output: process.stdout, ...comfort(cli) }),
    terminal: isInteractive,
    prompt: 'hivewax> ',
  })
  takeOver(cli, reader, isInteractive)
  if (isInteractive) {
    cli.print.note(`${url}: help lists the commands, exit or Ctrl-D leaves`)
    reader.prompt()
  }
  let firstFailure = 0
  for await (const line of reader) {
    if (/^\.?(exit|quit)$/.test(line.trim())) break
    const exitCode = await runLine(cli, line)
    firstFailure ||= exitCode
    if (isInteractive) reader.prompt()
  }
  reader.close()
  return isInteractive ? 0 : firstFailure
}

function comfort(cli: Cli): Partial<readline.ReadLineOptions> {
  return {
    history: loadHistory(),
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      // A completion that fails completes nothing; an error amid the line being typed would be of no help.
      completeLine(cli, line).then(
        found => done(null, found),
        () => done(null, [[], line]),
      )
    },
  }
}

/** While the shell runs, it alone reads the input and handles Ctrl-C. */
function takeOver(cli: Cli, reader: readline.Interface, isInteractive: boolean): void {
  const { program } = cli
  program.ask = isInteractive ? question => askWith(reader, question) : async () => undefined
  program.readStdin = async () => {
    throw new InvalidInput(
      '- cannot stand for the standard input in the shell, which reads its commands there',
    )
  }
  reader.on('SIGINT', () => {
    if (program.interrupt()) return
    reader.write(null, { ctrl: true, name: 'e' })
    reader.write(null, { ctrl: true, name: 'u' })
  })
  reader.on('history', saveHistory)
}

async function runLine(cli: Cli, line: string): Promise<number> {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return 0
  try {
    const words = sqlStart.test(text) ? ['query', '--', text] : splitWords(text)
    const args = words[0] === 'hivewax' ? words.slice(1) : words
    return await cli.program.run(args, cli.flags)
  } catch (error) {
    return reportFailure(error, cli.print, cli.flags.debug)
  }
}

async function completeLine(cli: Cli, line: string): Promise<[string[], string]> {
  const words = splitWords(line)
  if (line === '' || /\s$/.test(line)) words.push('')
  const candidates = await complete(words, cli)
  const begun = words.at(-1) ?? ''
  return [candidates.map(({ text }) => `${text} `), begun]
}
