import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { RealClient } from './real-clients.ts'

const root = path.join(import.meta.dirname, '../..')

/** Where the programs are that a check runs. */
export interface Installed {
  readonly scratch: string
  /** The folder of the clients' programs. */
  readonly bin: string
  /** The script that stands for `hivewax`: the packed one, whose words on the wire are kept. */
  readonly hivewax: string
}

/** Packs this checkout, and installs the package as its users do. */
export function installHivewax(scratch: string): Installed {
  fs.mkdirSync(scratch, { recursive: true })
  const manifest = path.join(scratch, 'package.json')
  if (!fs.existsSync(manifest)) fs.writeFileSync(manifest, '{ "private": true }\n')
  const packed = npm(root, 'pack', '--silent', '--pack-destination', scratch)
  const file = packed.output.trim().split('\n').at(-1) ?? ''
  const { code, output } = npm(scratch, 'install', path.join(scratch, file))
  if (code !== 0) throw new Error(`hivewax could not be installed: ${output}`)
  const bin = path.join(scratch, 'node_modules/.bin')
  return { scratch, bin, hivewax: tapped(scratch, path.join(bin, 'hivewax')) }
}

/** Why a client cannot be installed here, with the exit code of npm; undefined when it is there. */
export function installClient(scratch: string, { package: name }: RealClient): string | undefined {
  const { code, output } = npm(scratch, 'install', name)
  const [reason = 'npm gave no reason'] = output.split('\n').filter(line => /error/i.test(line))
  return code === 0 ? undefined : `not installed: npm exited with ${code}: ${reason}`
}

function npm(cwd: string, ...args: string[]): { code: number | null; output: string } {
  const words = [...args, '--no-audit', '--no-fund']
  const { status, stdout, stderr } = spawnSync('npm', words, { cwd, encoding: 'utf8' })
  return { code: status, output: status === 0 ? stdout : `${stdout}${stderr}` }
}

/** A program that runs another in its own process, and keeps what an MCP client and it say to each other. */
function tapped(scratch: string, program: string): string {
  const file = path.join(scratch, 'tap/hivewax.js')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(path.join(path.dirname(file), 'package.json'), '{ "type": "module" }\n')
  const tap = path.join(import.meta.dirname, 'wire-tap.ts')
  // Clients pass on little of their environment, but where the home is.
  fs.writeFileSync(
    file,
    `import { tapWire } from ${JSON.stringify(tap)}
const args = process.argv.slice(2)
if (['mcp', 'hook'].includes(args[0])) tapWire(\`\${process.env.HOME}/../wire\`, args)
await import(${JSON.stringify(fs.realpathSync(program))})
`,
  )
  return file
}
