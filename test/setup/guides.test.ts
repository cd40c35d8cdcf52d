import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { clients } from '../../src/setup/clients.ts'
import { hivewax, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

const guides = path.join(import.meta.dirname, '../../docs/guide')

/** What a guide shows after a command, up to the question, or to where it leaves the rest out. */
function shown(text: string, command: string): string {
  return text.split(`$ ${command}\n`)[1]?.split(/\n(?:Change th|…)/)[0] ?? 'nothing'
}

it.each(clients)('the guide of $name shows what init changes', ({ name, project }) => {
  const text = fs.readFileSync(path.join(guides, `${name}.md`), 'utf8')
  const home = scratchFolder()
  const folder = path.join(home, 'app')
  fs.mkdirSync(folder)
  const file = text.match(/cat (\S+)\n([\s\S]*?\n)\$/)
  if (file !== null) {
    fs.mkdirSync(path.join(folder, path.dirname(file[1]!)))
    fs.writeFileSync(path.join(folder, file[1]!), file[2]!)
  }
  const words = ['init', '--client', name, ...(project.length === 0 ? ['--home'] : [])]
  const { stdout } = hivewax(folder, [...words, '--dry-run'], { env: { HOME: home } })
  const diff = stdout
    .replaceAll(process.execPath, '/home/ada/.local/bin/node')
    .replaceAll(hivewaxFile, '/home/ada/.local/bin/hivewax')
  const told = `${shown(text, `hivewax ${words.join(' ')}`)}\n`
  expect(diff.slice(0, told.length)).toBe(told)
  expect(told === diff || text.includes('\n…\n')).toBe(true)
})

it.each(clients)('the guide of $name says what is left to do', ({ name, title, next }) => {
  expect(fs.readFileSync(path.join(guides, `${name}.md`), 'utf8')).toContain(`\n${title}: ${next}\n`)
})
