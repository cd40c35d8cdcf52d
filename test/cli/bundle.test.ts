import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { eagerSources, lazySources } from '../../scripts/build/lazy-sources.ts'
import { hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

it('loads neither zod nor anything else that a retrieve does not need', () => {
  const main = path.join(path.dirname(hivewaxFile), '../dist/bundle/main.cjs')
  expect(fs.readFileSync(main, 'utf8')).not.toContain('ZodType')
  const folder = scratchFolder()
  hivewax(folder, ['store', 'greeting', 'hello'])
  const { stdout, stderr } = hivewax(folder, ['retrieve', 'greeting'], { env: { NODE_DEBUG: 'module' } })
  expect(stdout).toBe('hello\n')
  const loads = stderr.matchAll(/load built-in module ([\w:/]+)|load "[^"]*\/([^"/]+)"/g)
  const names = [...loads].map(([, builtin = '', file = '']) => builtin + file)
  expect(names).toContain('main.cjs')
  expect(names.filter(name => /crypto|util|worker_threads|readline|stream|child_process/.test(name))).toEqual(
    [],
  )
})

it('knows what to load late by files and folders that are there', () => {
  const root = path.join(import.meta.dirname, '../..')
  const missing = [...lazySources, ...eagerSources].filter(source => !fs.existsSync(path.join(root, source)))
  expect(missing).toEqual([])
})

it('loads the driver of PostgreSQL for a URL of PostgreSQL only', () => {
  const trace = (url: string) => {
    const env = { NODE_DEBUG: 'module', HIVEWAX_URL: url }
    return hivewax(scratchFolder(), ['stats'], { env }).stderr
  }
  expect(trace('memory.db')).not.toContain('node_modules/pg')
  expect(trace('postgres://nobody@localhost/none?host=/no/such/folder')).toContain('node_modules/pg')
})

it('finds the worker beside itself', () => {
  const folder = scratchFolder()
  expect(hivewax(folder, ['backup', 'copy.db'])).toMatchObject({ status: 0 })
  expect(fs.existsSync(path.join(folder, 'copy.db'))).toBe(true)
})
