import fs from 'node:fs'
import { writeOut } from '../../src/cli/print/standard-streams.ts'
import { Program } from '../../src/cli/program.ts'
import { openMemory } from '../../src/open.ts'

/**
 * Reads `{ folders, calls }` from a file, runs these command lines in each folder, and opens the library's memory there.
 * Prints a line of JSON after what each has printed: `{ folder, call, exit }`.
 */
const { folders, calls } = JSON.parse(fs.readFileSync(process.argv[2] ?? '', 'utf8')) as {
  folders: string[]
  calls: string[][]
}

const report = (told: object) => writeOut(`${JSON.stringify(told)}\n`)

for (const folder of folders) {
  process.chdir(folder)
  for (const call of calls) {
    const program = new Program()
    const exit = await program.run(call)
    await program.close().catch(() => {})
    report({ folder, call, exit })
  }
  const code = await openMemory().then(
    async memory => memory.close(),
    error => error.code,
  )
  report({ folder, call: ['openMemory()'], exit: code })
}
