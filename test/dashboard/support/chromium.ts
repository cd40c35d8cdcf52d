import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'

const root = path.join(import.meta.dirname, '../../..')

/**
 * A browser: the one that CHROMIUM_PATH names; on Linux that of a package, which needs neither a download nor anything
 * installed; elsewhere the machine's own Chrome.
 */
export function launch(): Promise<Browser> {
  const { CHROMIUM_PATH: executablePath } = process.env
  if (executablePath) return chromium.launch({ executablePath })
  if (process.platform !== 'linux') return chromium.launch({ channel: 'chrome' })
  const folder = unpacked()
  // The libraries and fonts of the package, for machines that have none of their own.
  const env = {
    ...(process.env as Record<string, string>),
    LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, path.join(folder, 'lib')].filter(Boolean).join(':'),
    FONTCONFIG_PATH: process.env.FONTCONFIG_PATH ?? folder,
  }
  return chromium.launch({ executablePath: path.join(folder, 'chromium'), env })
}

/** Where the package is unpacked, once for each version of it: 4 seconds, and then none. */
function unpacked(): string {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const bin = path.join(path.dirname(entry), '../bin')
  const { version } = JSON.parse(fs.readFileSync(path.join(bin, '../package.json'), 'utf8'))
  const folder = path.join(root, 'node_modules/.cache', `chromium-${version}-${os.arch()}`)
  if (fs.existsSync(folder)) return folder
  // Whole before it has its name: another process may unpack it too, and then finds it taken.
  const draft = `${folder}.${process.pid}`
  fs.mkdirSync(draft, { recursive: true })
  const read = (name: string) => brotliDecompressSync(fs.readFileSync(path.join(bin, name)))
  fs.writeFileSync(path.join(draft, 'chromium'), read('chromium.br'), { mode: 0o755 })
  for (const name of ['al2023.tar.br', 'fonts.tar.br']) {
    const { status, stderr } = spawnSync('tar', ['-x', '-C', draft], { input: read(name) })
    if (status !== 0) throw new Error(`${name} could not be unpacked: ${stderr}`)
  }
  fs.writeFileSync(path.join(draft, 'fonts.conf'), fontsConf(folder))
  try {
    fs.renameSync(draft, folder)
  } catch (error) {
    if (!fs.existsSync(folder)) throw error
    fs.rmSync(draft, { recursive: true })
  }
  return folder
}

/** The machine's own fonts, and those of the package. */
function fontsConf(folder: string): string {
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts', path.join(folder, 'fonts')]
  return `<?xml version="1.0"?><fontconfig>${folders.map(dir => `<dir>${dir}</dir>`).join('')}
    <cachedir>${path.join(folder, 'font-cache')}</cachedir></fontconfig>`
}
