import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openMemory } from '../../src/open.ts'
import { scratchFolder } from '../support/memory.ts'

/** Words that nothing else holds, and their stems. */
const words = ['zyxwordone', 'zyxwordtwo', 'zyxwordthree', 'zyxwordfour']

/** Those of the words that the files hold, read by another process: this one has them open. */
function held(...files: string[]): string[] {
  const bytes = Buffer.concat(files.map(file => execFileSync('cat', [file], { maxBuffer: 2 ** 27 })))
  return words.filter(word => bytes.includes(word))
}

it('leaves no word of what is redacted in the files of a store, its log, a backup or an export', async () => {
  const folder = scratchFolder()
  const file = path.join(folder, 'memory.db')
  await using memory = await openMemory(file, { background: false })
  const [first, second, third, fourth] = words
  // In a page of its own, among others, overwritten long ago, deleted, and in the index.
  await memory.kv.storeMany(
    Array.from({ length: 200 }, (_, i) => ({ key: `other-${i}`, value: 'x'.repeat(i) })),
  )
  await memory.store('api', `${first} `.repeat(2_000))
  await memory.optimize()
  await memory.store('api', second)
  await memory.optimize()
  await memory.store('api', third, { metadata: { was: third } })
  await memory.delete('other-7')
  await memory.storeAgentMemory('coder-1', 'note', fourth)
  expect(held(file, `${file}-wal`)).toEqual(words)

  await memory.agents.redactMemory('coder-1', 'note', { vacuum: false })
  expect(await memory.kv.redact('api')).toEqual({ revisions: [3, 2, 1] })
  expect(held(file, `${file}-wal`)).toEqual([])
  const [backup, exported] = [path.join(folder, 'backup.db'), path.join(folder, 'exported.json')]
  await memory.backup(backup)
  await memory.exportNamespace('default', exported)
  expect(held(backup, exported)).toEqual([])
  expect(await memory.retrieve('other-8')).toBe('x'.repeat(8))
  expect(fs.statSync(backup).size).toBeGreaterThan(0)
})

it('takes the words from the files when it is called again, had it been ended before that', async () => {
  const file = path.join(scratchFolder(), 'memory.db')
  await using memory = await openMemory(file, { background: false })
  await memory.store('api', words[0])
  await memory.kv.redact('api', { vacuum: false })
  expect(held(file, `${file}-wal`)).toEqual([words[0]])
  expect(await memory.kv.redact('api')).toEqual({ revisions: [] })
  expect(held(file, `${file}-wal`)).toEqual([])
})
