import path from 'node:path'
import { InvalidInput } from '../errors.ts'
import { isServer, serverDoubt } from '../location/location.ts'
import { assertTrusted } from '../location/trusted.ts'
import type { Launch, Places } from './clients.ts'
import { launchCommand } from './launch-command.ts'

interface Found {
  /** The file of a client that says how the server is started. */
  readonly file: string
  readonly launch: Launch
}

/**
 * Throws unless what a client's file says starts a hivewax of the user's, with a memory that is theirs: the file may have
 * come with the project, and who only looks whether all is set up has not asked to run what it names.
 */
export function assertHarmless({ file, launch }: Found, { project }: Places): void {
  const { command, args, env } = launch
  if (!isHivewax(command, args)) {
    throw new InvalidInput(`${file} starts ${command}, which is not this hivewax: it was not tried`)
  }
  const name = Object.keys(env).find(each => !each.startsWith('HIVEWAX_'))
  if (name !== undefined) {
    throw new InvalidInput(`${file} sets ${name} for the server: it was not tried`)
  }
  const urls = [env.HIVEWAX_URL, ...args.map((word, i) => urlAt(args, word, i))]
  for (const url of urls)
    if (url !== undefined && isServer(url)) assertTrusted([serverDoubt(project, file, url)])
}

/** This very program, or one by its mere name, which is looked for where the user's programs are. */
function isHivewax(command: string, args: readonly string[]): boolean {
  const { node, script } = launchCommand([])
  if (command === node && path.resolve(args[0] ?? '') === script) return true
  return (
    command === 'hivewax' || (command === 'npx' && args.find(word => !word.startsWith('-')) === 'hivewax')
  )
}

function urlAt(args: readonly string[], word: string, i: number): string | undefined {
  if (word.startsWith('--url=')) return word.slice('--url='.length)
  return args[i - 1] === '--url' ? word : undefined
}
