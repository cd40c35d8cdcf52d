import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { scratchFolder } from '../support/memory.ts'

const root = path.join(import.meta.dirname, '../..')

/** What the compiler says of each of these declarations of operations, by their names. */
function compile(declarations: Readonly<Record<string, string>>): Record<string, string> {
  const folder = scratchFolder()
  const source = JSON.stringify(path.join(root, 'src/operation.ts'))
  for (const [name, declared] of Object.entries(declarations)) {
    const program = `import { operation } from ${source}\nexport const one = operation(${declared})\n`
    fs.writeFileSync(path.join(folder, `${name}.mts`), program)
  }
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [path.join(root, 'node_modules/@types')] },
    include: ['*.mts'],
  }
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  const { stdout } = spawnSync(tsc, ['-p', '.'], { cwd: folder, encoding: 'utf8' })
  const said = stdout.split(/^(?=\w+\.mts\()/m)
  const of = (name: string) => said.filter(text => text.startsWith(`${name}.mts`)).join('')
  return Object.fromEntries(Object.keys(declarations).map(name => [name, of(name)]))
}

const sound = `{
  name: 'kv.some',
  summary: 'Do something',
  permission: 'memory:write',
  effect: 'write',
  reveals: 'nothing',
  examples: ['kv some'],
  input: z => z.object({ key: z.string() }),
  run: (memory, { key }) => memory.kv.delete(key),
}`

it('does not compile when it forgets a fact or misuses its input, and is told which', () => {
  const forgetful = sound.replace("reveals: 'nothing',", '')
  const wrong = sound.replace('z.string()', 'z.number()')
  const said = compile({ sound, forgetful, wrong })
  expect(said.sound).toBe('')
  expect(said.forgetful).toContain("Property 'reveals' is missing")
  // What the input would be without the fact, which explains nothing.
  expect(said.forgetful).not.toContain("'input' are incompatible")
  expect(said.wrong).toContain("Argument of type 'number' is not assignable to parameter of type 'string'")
})
