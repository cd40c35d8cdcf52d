import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import { NotFound } from '../errors.ts'
import { packageFolder } from '../version.ts'

/** Where the build puts the pages of the dashboard. */
const built = () => path.join(packageFolder(), 'dist/dashboard')

/** What the pages may do: run and show what this server sends, and talk to it. Nothing that is stored can run or load. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface Page {
  readonly body: Buffer<ArrayBuffer>
  readonly zipped: Buffer<ArrayBuffer>
  readonly type: string
}

/** Answers with the pages of the dashboard, which anybody may have: they hold nothing of the store. */
export function dashboard(): MiddlewareHandler {
  const pages = new Map<string, Page>()
  return async c => {
    const name = c.req.path === '/' ? 'index.html' : c.req.path.slice(1)
    const page = pages.get(name) ?? readPage(name)
    pages.set(name, page)
    const isZipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
    // A name in assets/ has a hash of what it holds.
    const kept = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    return c.body(isZipped ? page.zipped : page.body, 200, {
      'content-type': page.type,
      'content-security-policy': policy,
      'cache-control': kept,
      'cross-origin-opener-policy': 'same-origin',
      vary: 'accept-encoding',
      ...(isZipped && { 'content-encoding': 'gzip' }),
    })
  }
}

/** @throws NotFound when there is no such page, or none were built */
function readPage(name: string): Page {
  const folder = built()
  const type = types[path.extname(name)]
  const isThere = type !== undefined && filesIn(folder).includes(name)
  if (!isThere) throw noPage(name, folder)
  const body = fs.readFileSync(path.join(folder, name))
  return { body, zipped: gzipSync(body), type }
}

/** By a list of what there is, so that no name leads elsewhere. */
function filesIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return []
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files.map(file => file.split(path.sep).join('/'))
}

function noPage(name: string, folder: string): NotFound {
  const isBuilt = fs.existsSync(folder)
  return new NotFound(isBuilt ? `the dashboard has no ${name}` : 'the dashboard was not built', {
    hint: isBuilt ? 'Load it anew.' : 'In a checkout: npm run build.',
  })
}
