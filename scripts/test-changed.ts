// Runs the tests nearest to what differs from a commit (`main`, or the one that is named): the changed test files, and
// those that bear the name of a changed folder of src/. Suites that run on every engine run on SQLite only, unless
// PostgreSQL's or HTTP's own code has changed: this is for the minute after a change, `npm test` is for the rest.
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const [base = 'main'] = process.argv.slice(2)

const changed = [...git('diff', '--name-only', git('merge-base', base, 'HEAD')[0] ?? base), ...untracked()]
const tests = fs
  .globSync('test/**/*.test.ts', { cwd: root })
  .filter(test => changed.some(file => isNear(test, file)))
  .toSorted()

if (tests.length === 0) process.stdout.write(`no test is near what differs from ${base}\n`)
else process.exitCode = run(tests)

function git(...args: string[]): string[] {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
}

function untracked(): string[] {
  return git('ls-files', '--others', '--exclude-standard')
}

/** `src/tasks/claim.ts` is near test/tasks/, and near `tasks.test.ts` and `task-queue.test.ts` of any folder. */
function isNear(test: string, file: string): boolean {
  if (file === test) return true
  const [top, ...folders] = path.dirname(file).split('/')
  if (top !== 'src') return false
  if (folders[0] === 'db')
    return test.startsWith(folders[1] === 'postgres' ? 'test/postgres/' : 'test/engine/')
  const folder = folders[0] ?? 'engine'
  const stem = folder.replace(/s$/, '')
  return test.startsWith(`test/${folder}/`) || new RegExp(`^${stem}s?[-.]`).test(path.basename(test))
}

function run(files: string[]): number {
  const everyWay = changed.some(file => /^src\/(db\/postgres|http|client)\//.test(file))
  const narrowed = everyWay ? [] : ['-t', '^(?!(postgres|http) )']
  return spawnSync('vitest', ['run', ...narrowed, ...files], { cwd: root, stdio: 'inherit' }).status ?? 1
}
