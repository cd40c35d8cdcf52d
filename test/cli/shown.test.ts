import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, it } from 'vitest'
import { commands } from '../../src/cli/command-tree.ts'
import { openMemory } from '../../src/open.ts'
import { cliEnv, hivewax, hivewaxFile } from '../support/cli.ts'
import { callOf } from '../support/command-calls.ts'
import { storeEveryKind } from '../support/every-record.ts'
import { hiding, linesThatHide } from '../support/hidden.ts'
import { scratchFolder } from '../support/memory.ts'

/** What waits for others or goes on until somebody ends it, and what speaks to programs, in a protocol of theirs. */
const others = /^(events tail|shell|serve|ui|mcp|hook|work|tasks board|top)$|wait|watch/

const order = ['read', 'write', 'destroy']
const called = commands.all
  .filter(({ path }) => !others.test(path))
  .toSorted((a, b) => order.indexOf(a.effect) - order.indexOf(b.effect))

/** Runs all of them in one process, with a line after what each has printed. */
function runAll(folder: string, flags: readonly string[]) {
  const calls = called.map(command => [...callOf(command, hiding), '--yes', ...flags])
  const program = new URL('../../src/cli/program.ts', import.meta.url).href
  const streams = new URL('../../src/cli/print/standard-streams.ts', import.meta.url).href
  const script = `
    const { Program } = await import(${JSON.stringify(program)})
    const { writeOut } = await import(${JSON.stringify(streams)})
    for (const call of ${JSON.stringify(calls)}) {
      await new Program().run(call)
      writeOut('\\n= ' + call[0] + '\\n')
    }
    process.exit()`
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    {
      cwd: folder,
      env: cliEnv(folder),
      encoding: 'utf8',
      timeout: 600_000,
      maxBuffer: 2 ** 26,
      input: '',
    },
  )
  const ended = { status, signal, calls: stdout.match(/^= /gm)?.length ?? 0 }
  return { shown: `${stdout}\n${stderr}`, ended }
}

it.each([[['--json']], [['--plain']], [[]]])('no command shows what cannot be seen: %j', async flags => {
  const folder = scratchFolder()
  const memory = await openMemory(`${folder}/.swarm/memory.db`, { background: false })
  await storeEveryKind(memory, [hiding])
  await memory.store(hiding, { [hiding]: hiding }, { metadata: hiding })
  await memory.close()
  const { shown, ended } = runAll(folder, flags)
  expect(ended, shown.slice(-300)).toEqual({ status: 0, signal: null, calls: called.length })
  expect(linesThatHide(shown)).toEqual([])
  expect(shown.split('\\u202e').length).toBeGreaterThan(called.length)
})

it('a text goes into a pipe as it was stored', () => {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'k', hiding])
  expect(hivewax(folder, ['retrieve', 'k']).stdout).toBe(`${hiding}\n`)
  expect(hivewax(folder, ['retrieve', 'k', '--json']).stdout).toContain('\\u202e')
})

it.skipIf(process.platform !== 'linux')('a full disk behind > is told as one', () => {
  const folder = scratchFolder()
  hivewax(folder, ['store', 'k', 'v'])
  const full = fs.openSync('/dev/full', 'w')
  const ran = spawnSync(process.execPath, [hivewaxFile, 'retrieve', 'k'], {
    cwd: folder,
    env: cliEnv(folder),
    encoding: 'utf8',
    stdio: ['ignore', full, 'pipe'],
  })
  fs.closeSync(full)
  expect(ran.status).toBe(8)
  expect(ran.stderr).toMatch(/^error: .*the standard output/)
})
