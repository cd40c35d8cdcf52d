import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchFile, scratchFolder } from '../support/memory.ts'

const root = path.join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  ...fs.readdirSync(path.join(root, 'docs/guide')).map(page => `docs/guide/${page}`),
]

/** All TypeScript blocks of a page as one program, in order, on the library's source. */
function program(page: string): string {
  const text = fs.readFileSync(path.join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  const source = JSON.stringify(path.join(root, 'src/index.ts'))
  const adapter = (_: string, name: string) => JSON.stringify(path.join(root, 'src/adapters', `${name}.ts`))
  return blocks
    .join('\n')
    .replaceAll("'hivewax'", source)
    .replaceAll(/'hivewax\/([\w-]+)'/g, adapter)
}

describe('the code of the documentation', () => {
  for (const page of pages.filter(page => program(page) !== '')) {
    it(`runs: ${page}`, () => {
      const folder = scratchFolder()
      const file = path.join(folder, 'page.ts')
      fs.writeFileSync(file, program(page))
      fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
      const env = { ...process.env, HIVEWAX_URL: scratchFile() }
      const { status, stderr } = spawnSync(process.execPath, [file], {
        encoding: 'utf8',
        env,
        timeout: 120_000,
      })
      expect(stderr).toBe('')
      expect(status).toBe(0)
    })
  }

  it('links only to pages that exist', () => {
    const all = [...pages, 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/swarm/README.md']
    const broken = all.flatMap(page => {
      const text = fs.readFileSync(path.join(root, page), 'utf8')
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target ?? '')
      return targets
        .filter(target => !fs.existsSync(path.join(root, path.dirname(page), target)))
        .map(target => `${page} → ${target}`)
    })
    expect(broken).toEqual([])
  })
})
