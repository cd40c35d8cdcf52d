import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { hivewax } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

const damages: Record<string, (file: string) => void> = {
  'the header of which is noise': file => {
    const bytes = fs.readFileSync(file)
    fs.writeFileSync(file, bytes.fill(0xee, 0, 100))
  },
  'that is cut off': file => fs.truncateSync(file, fs.statSync(file).size - 4096 * 2 - 100),
}

for (const [name, damage] of Object.entries(damages)) {
  test(`a store ${name} is brought back by what the error says, word by word`, () => {
    const folder = scratchFolder()
    const file = path.join(folder, '.swarm/memory.db')
    hivewax(folder, ['store', 'k', 'v'])
    damage(file)
    const failed = hivewax(folder, ['retrieve', 'k'])
    expect(failed.status).toBe(7)
    const [command = '', ...words] = (/hivewax (recover [^`]+)/.exec(failed.stderr)?.[1] ?? '').split(' ')
    expect(hivewax(folder, [command, ...words]).status).toBe(0)
    for (const beside of fs.readdirSync(path.dirname(file))) {
      if (beside.startsWith('memory.db')) fs.rmSync(path.join(path.dirname(file), beside))
    }
    expect(hivewax(folder, ['restore', 'NEW-FILE', '--yes']).status).toBe(0)
    expect(hivewax(folder, ['retrieve', 'k']).stdout).toBe('v\n')
  })
}
