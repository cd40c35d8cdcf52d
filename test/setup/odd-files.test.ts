import fs from 'node:fs'
import path from 'node:path'
import { parse as parseJson } from 'jsonc-parser'
import { parse as parseToml } from 'smol-toml'
import { beforeEach, describe, expect, it } from 'vitest'
import { clients } from '../../src/setup/clients.ts'
import { hivewax, hivewaxFile, type Ran } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

let home: string
let project: string

beforeEach(() => {
  home = scratchFolder()
  project = path.join(home, 'my project')
  fs.mkdirSync(path.join(project, '.git'), { recursive: true })
})

const init = (...args: string[]): Ran => hivewax(project, ['init', ...args], { env: { HOME: home } })

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}

/** Every way in which a file may be that a person has made, as text and as what stands around it. */
const oddTexts = [
  '{}',
  '{\n}\n',
  '\ufeff{}',
  '{"mine": [1]}',
  '{\r\n\t"mine": {} // one\r\n}',
  '// only this\n',
  '',
]
const oddToml = ['', '# mine', 'x = 1\r\n', '[a]\nb = """\n[c]\n"""', '\ufeffx = 1\n', '[tui] # one\n\n\n']

/** The text of a file with what its user adds at the front of it, or at its end where that is TOML. */
function addedTo(file: string): string {
  const text = fs.readFileSync(file, 'utf8')
  if (file.endsWith('.toml')) return `${text}\n# of the user\n[user]\nadded = [1, "of the user"]\n`
  return text.replace('{', '{ /* of the user */ "user": {"added": [1, "of the user"]},')
}

function contentOf(file: string, text: string): Record<string, unknown> {
  const plain = text.replace('\ufeff', '')
  return file.endsWith('.toml')
    ? parseToml(plain)
    : (parseJson(plain, [], { allowTrailingComma: true }) ?? {})
}

describe.each([
  ['project', (client: (typeof clients)[number]) => client.project, []],
  ['home', (client: (typeof clients)[number]) => client.home, ['--home']],
] as const)('odd files in the %s', (_, targets, words) => {
  const files = clients.flatMap(client => targets(client).map(({ file }) => file))
  const names = clients.filter(client => targets(client).length > 0).map(({ name }) => name)
  const place = () => (words.length > 0 ? home : project)

  /** Each file with the odd text of this number. */
  function writeAll(i: number): (readonly [file: string, text: string])[] {
    return files.map(name => {
      const file = path.join(place(), name)
      const text = (name.endsWith('.toml') ? oddToml[i % oddToml.length] : oddTexts[i]) ?? ''
      write(file, text)
      return [file, text]
    })
  }

  it.each(oddTexts.map((text, i) => [text, i] as const))(
    'come back byte for byte, of every client: %j',
    (_, i) => {
      const texts = writeAll(i)
      expect(init(...words, '--client', names.join(','), '--yes')).toMatchObject({ status: 0 })
      for (const [file, text] of texts) expect(fs.readFileSync(file, 'utf8'), file).not.toBe(text)
      init(...words, '--remove', '--yes')
      for (const [file, text] of texts) expect(fs.readFileSync(file, 'utf8'), file).toBe(text)
    },
  )

  it.each(oddTexts.map((text, i) => [text, i] as const))(
    'keep what their user adds before it is run again, and until it is taken out: %j',
    (_, i) => {
      const texts = writeAll(i)
      const again = () => init(...words, '--client', names.join(','), '--yes')
      expect(again()).toMatchObject({ status: 0 })
      for (const [file] of texts) write(file, addedTo(file))
      const before = texts.map(([file]) => fs.readFileSync(file, 'utf8'))
      expect(again()).toMatchObject({ status: 0 })
      expect(texts.map(([file]) => fs.readFileSync(file, 'utf8'))).toEqual(before)
      init(...words, '--remove', '--yes')
      for (const [file, text] of texts) {
        const left = fs.readFileSync(file, 'utf8')
        expect(left, file).toContain('of the user')
        expect(contentOf(file, left), file).toEqual({
          ...contentOf(file, text),
          user: { added: [1, 'of the user'] },
        })
      }
    },
  )
})

it('keeps other hooks of every client, and gives its own the path of today', () => {
  const at = (name: string) => path.join(project, name)
  const read = (name: string) => fs.readFileSync(at(name), 'utf8')
  const names = ['.codex/hooks.json', '.cursor/hooks.json', '.gemini/settings.json']
  const files = () => names.map(read)
  write(at('.cursor/hooks.json'), '{ "version": 1, "hooks": { "stop": [{ "command": "say done" }] } }')
  write(
    at('.codex/hooks.json'),
    '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}',
  )
  write(at('.gemini/settings.json'), '// mine\n{\n\t"hooks": {"AfterAgent": []}\n}')
  const before = files()
  init('--client', 'codex,cursor,gemini', '--yes')
  for (const name of names) write(at(name), read(name).replaceAll(hivewaxFile, '/old/bin/hivewax.js'))
  init('--client', 'codex,cursor,gemini', '--yes')
  expect(files().join('\n')).not.toContain('/old/bin')
  expect(JSON.parse(read('.codex/hooks.json')).hooks.Stop).toHaveLength(2)
  init('--remove', '--yes')
  expect(files()).toEqual(before)
})
