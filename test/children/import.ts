import { importFrom } from '../../src/importers/import-from.ts'
import { openMemory } from '../../src/open.ts'

/** Imports a file, and prints a line after each batch that is stored. */
const [store = '', file = ''] = process.argv.slice(2)
const memory = await openMemory(store, { background: false })
await importFrom(memory, file, { onProgress: ({ fraction }) => console.log(fraction) })
await memory.close()
console.log('done')
