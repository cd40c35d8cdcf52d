import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { operationFacts } from '../../dashboard/operation-facts.ts'

const root = path.join(import.meta.dirname, '../..')
const pages = path.join(root, 'dist/dashboard')

/** Says from what the pages were built that there are. */
const stamp = path.join(root, 'node_modules/.cache/dashboard')

/** Builds the pages of the dashboard into dist/dashboard, unless those that are there were built from the same. */
export function buildDashboard(): void {
  const sources = fingerprint()
  const isBuilt = fs.existsSync(pages) && fs.existsSync(stamp)
  if (isBuilt && fs.readFileSync(stamp, 'utf8') === sources) return
  // Under its name only once it is whole: servers may be at work.
  const draft = `${pages}-${process.pid}`
  runVite(draft)
  fs.rmSync(pages, { recursive: true, force: true })
  fs.renameSync(draft, pages)
  fs.mkdirSync(path.dirname(stamp), { recursive: true })
  fs.writeFileSync(stamp, sources)
}

/** In a process of its own: it goes by NODE_ENV, and under that of a test React would be the one for its developers. */
function runVite(folder: string): void {
  // Its warnings are about words in libraries that mean nothing in a browser.
  const args = ['build', 'dashboard', '--outDir', folder, '--logLevel', 'error']
  const { status } = spawnSync(path.join(root, 'node_modules/.bin/vite'), args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`the dashboard could not be built: vite ended with ${status}`)
}

/** A text that differs whenever other pages would be built. */
function fingerprint(): string {
  const hash = createHash('sha256').update(JSON.stringify(operationFacts()))
  const folder = path.join(root, 'dashboard')
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
  const names = files.filter(file => file.isFile()).map(file => path.join(file.parentPath, file.name))
  for (const name of [path.join(root, 'package-lock.json'), ...names.sort()])
    hash.update(`${path.relative(root, name)}\n`).update(fs.readFileSync(name))
  return hash.digest('hex')
}
