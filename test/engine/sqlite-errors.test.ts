import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { raw } from '../../src/db/sql.ts'
import type { Mode } from '../../src/db/sqlite/authorizer.ts'
import { resultCodes } from '../../src/db/sqlite/error-meanings.ts'
import { openSqlite } from '../../src/db/sqlite/open-sqlite.ts'
import { remedy } from '../../src/db/sqlite/remedy.ts'
import { translate } from '../../src/db/sqlite/translate-error.ts'
import { systemClock } from '../../src/util/clock.ts'
import { childFile } from '../support/bundled-children.ts'
import { cliEnv, hivewaxFile } from '../support/cli.ts'
import { openScratch, scratchFile } from '../support/memory.ts'

it.each(Object.keys(resultCodes) as Mode[])(
  'tells each result code by the line of the table for it: %s',
  mode => {
    for (const [errcode, { code, message, hint }] of Object.entries(resultCodes[mode])) {
      const error = Object.assign(new Error('so it is'), { errcode: Number(errcode) })
      expect(translate(error, 'file.db', mode)).toMatchObject({
        code,
        hint: code === 'corrupt' ? remedy('file.db') : hint,
        message: `${message}: so it is (file.db)`,
        details: { file: 'file.db', sqlite: Number(errcode) },
      })
    }
  },
)

it('calls a statement of ours that SQLite does not understand no damage, and that of a caller their mistake', async () => {
  const memory = await openScratch()
  const { store, release } = await openSqlite(memory.url, {})
  onTestFinished(release)
  const refused = { code: 'storage', hint: expect.not.stringContaining('restore') }
  await expect(store.db(systemClock).all(raw('selec 1'))).rejects.toMatchObject(refused)
  await expect(store.db(systemClock).all(raw('delete from nowhere'))).rejects.toMatchObject(refused)
  await expect(memory.query('selec 1')).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(memory.execute('delete from nowhere')).rejects.toMatchObject({ code: 'invalid_input' })
  await memory.store('key', 1)
  expect(await memory.retrieve('key')).toBe(1)
})

it('tells what the caller may not do, what the tables do not take, and what is too large', async () => {
  const memory = await openScratch()
  await expect(memory.query('delete from events')).rejects.toMatchObject({ code: 'invalid_input' })
  const invalid = memory.execute("insert into sessions (id, data) values ('id', null)")
  await expect(invalid).rejects.toMatchObject({ code: 'conflict' })
  const large = memory.query('select zeroblob(2000000000)')
  await expect(large).rejects.toMatchObject({ code: 'too_large' })
})

const hasStrace = spawnSync('strace', ['-V']).status === 0

/** Stores in a process of its own, for whose log a system call fails in this way. */
async function storeWhere(call: string, errno: string): Promise<unknown> {
  const file = scratchFile()
  return runWhere({ file, call, errno }, [childFile('store-once'), file])
}

interface Fault {
  file: string
  call: string
  errno: string
}

/** Runs a program of ours to whom the log of the store fails, and reads what it prints. */
async function runWhere({ file, call, errno }: Fault, program: string[]): Promise<unknown> {
  await (await openScratch({}, file)).close()
  const fault = ['-f', '-o', '/dev/null', '-P', `${file}-wal`, '-e', `inject=${call}:error=${errno}`]
  const { stdout, stderr } = spawnSync('strace', [...fault, process.execPath, ...program], {
    encoding: 'utf8',
    env: cliEnv(path.dirname(file)),
  })
  if (!stdout.startsWith('{')) throw new Error(`${stdout}${stderr}`)
  return JSON.parse(stdout)
}

it.skipIf(!hasStrace)('tells a disk that fails apart from one that is full', async () => {
  const full = { code: 'disk_full', message: expect.stringContaining('no room left') }
  expect(await storeWhere('pwrite64', 'ENOSPC')).toMatchObject(full)
  const failed = await storeWhere('pwrite64', 'EIO')
  expect(failed).toMatchObject({
    code: 'storage',
    message: expect.stringContaining('the disk failed to read or write'),
  })
  expect(JSON.stringify(failed)).not.toContain('room')
})

it.skipIf(!hasStrace)('lets the doctor tell that a disk is full, or fails to write', async () => {
  for (const [errno, message] of [
    ['ENOSPC', 'no room left'],
    ['EIO', 'the disk failed'],
  ] as const) {
    const file = scratchFile()
    const doctor = [hivewaxFile, 'doctor', '--json', '--url', file]
    const found = await runWhere({ file, call: 'pwrite64', errno }, doctor)
    const writing = {
      name: 'writing',
      ok: false,
      message: expect.stringContaining(message),
      fix: expect.any(String),
    }
    expect(found).toMatchObject({
      data: { ok: false, checks: expect.arrayContaining([expect.objectContaining(writing)]) },
    })
  }
})

it.skipIf(!hasStrace)('backs a store up to another disk when its own is full', async () => {
  const file = scratchFile()
  const to = scratchFile('backup.db')
  const backup = [hivewaxFile, 'backup', to, '--json', '--url', file]
  const made = await runWhere({ file, call: 'pwrite64', errno: 'ENOSPC' }, backup)
  expect(made).toMatchObject({ ok: true, data: { path: to } })
})

it.skipIf(!hasStrace)('does not know whether a commit is stored that the disk failed to keep', async () => {
  expect(await storeWhere('fsync,fdatasync', 'EIO')).toMatchObject({
    code: 'storage',
    retryable: false,
    message: expect.stringContaining('unknown'),
    details: { outcome: 'unknown' },
  })
})

if (!hasStrace)
  console.info('test/engine/sqlite-errors.test.ts skips faults of the disk: strace is not installed')
