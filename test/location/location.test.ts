import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { locate } from '../../src/location/location.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'

/** A repository at `root`, and a folder beside or in it whose `.git` file leads to a git directory in there. */
function repository(linked: string, gitDir: string, commondir?: string): string {
  const root = fs.realpathSync(scratchFolder())
  for (const folder of ['.git', linked, gitDir]) fs.mkdirSync(path.join(root, folder), { recursive: true })
  if (commondir !== undefined) {
    fs.writeFileSync(path.join(root, gitDir, 'commondir'), `${commondir}\n`)
    fs.writeFileSync(path.join(root, gitDir, 'gitdir'), `${path.join(root, linked, '.git')}\n`)
  }
  const relative = path.relative(path.join(root, linked), path.join(root, gitDir))
  fs.writeFileSync(path.join(root, linked, '.git'), `gitdir: ${relative}\n`)
  return root
}

it('lets a linked worktree share the memory of the main one', () => {
  const root = repository('trees/topic', '.git/worktrees/topic', '../..')
  expect(locate(undefined, {}, path.join(root, 'trees/topic/src')).url).toBe(`${root}/.swarm/memory.db`)
})

it('gives a submodule a memory of its own', () => {
  const root = repository('sub', '.git/modules/sub')
  expect(locate(undefined, {}, path.join(root, 'sub')).url).toBe(`${root}/sub/.swarm/memory.db`)
})

it('takes :memory: in a configuration for what it is', () => {
  const root = scratchFolder()
  fs.mkdirSync(path.join(root, '.swarm'))
  fs.writeFileSync(path.join(root, '.swarm/config.json'), '{ "url": ":memory:" }')
  expect(locate(undefined, {}, root).url).toBe(':memory:')
})

it('needs no working directory for a path that is absolute, and names what is wrong without one', () => {
  const { stdout } = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import fs from 'node:fs'
     import { openMemory } from ${JSON.stringify(new URL('../../src/open.ts', import.meta.url).href)}
     const gone = ${JSON.stringify(scratchFolder())}
     process.chdir(gone)
     fs.rmdirSync(gone)
     await (await openMemory(':memory:', { background: false })).close()
     console.log(await openMemory().catch(error => error.code))`,
  ])
  expect(String(stdout).trim()).toBe('storage')
})

it('keeps a new .swarm folder out of commits, however it was named', async () => {
  const root = scratchFolder()
  await openScratch({}, path.join(root, '.swarm/memory.db'))
  expect(fs.readFileSync(path.join(root, '.swarm/.gitignore'), 'utf8')).toBe('*\n')
  await openScratch({}, path.join(root, 'elsewhere/memory.db'))
  expect(fs.existsSync(path.join(root, 'elsewhere/.gitignore'))).toBe(false)
})

it('in a folder that others have made, what is named after the store stays out of commits, and no more', async () => {
  const folder = path.join(scratchFolder(), '.swarm')
  const ignores = path.join(folder, '.gitignore')
  fs.mkdirSync(folder)
  await openScratch({}, path.join(folder, 'memory.db'))
  expect(fs.readFileSync(ignores, 'utf8')).toBe('/.gitignore\n/memory.*\n')
  fs.writeFileSync(ignores, 'mine\n')
  await openScratch({}, path.join(folder, 'other.db'))
  expect(fs.readFileSync(ignores, 'utf8')).toBe('mine\n')
})
