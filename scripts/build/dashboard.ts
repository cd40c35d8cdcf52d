import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { build } from 'vite'
import { operationFacts } from '../../dashboard/operation-facts.ts'

const root = path.join(import.meta.dirname, '../..')
const pages = path.join(root, 'dist/dashboard')

/** Says from what the pages were built that there are. */
const stamp = path.join(root, 'node_modules/.cache/dashboard')

/** Builds the pages of the dashboard into dist/dashboard, unless those that are there were built from the same. */
export async function buildDashboard(): Promise<void> {
  const sources = fingerprint()
  const isBuilt = fs.existsSync(pages) && fs.existsSync(stamp)
  if (isBuilt && fs.readFileSync(stamp, 'utf8') === sources) return
  // Under its name only once it is whole: servers may be at work.
  const draft = `${pages}-${process.pid}`
  await build({
    configFile: path.join(root, 'dashboard/vite.config.ts'),
    // Its warnings are about words in libraries that mean nothing in a browser.
    logLevel: 'error',
    build: { outDir: draft },
  })
  fs.rmSync(pages, { recursive: true, force: true })
  fs.renameSync(draft, pages)
  fs.mkdirSync(path.dirname(stamp), { recursive: true })
  fs.writeFileSync(stamp, sources)
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
