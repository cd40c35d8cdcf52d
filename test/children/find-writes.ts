// Stores, changes and deletes records, COUNT times and until its input ends, and prints each as it is acknowledged:
// `stored KEY WORD` for a record that now holds the word, `deleted KEY`.
import fs from 'node:fs'
import { openMemory } from '../../src/open.ts'

const [file, writer, count] = process.argv.slice(2)
const memory = await openMemory(file, { background: false, busyTimeoutMs: 60_000 })
let isOver = false
process.stdin.on('end', () => {
  isOver = true
})
process.stdin.resume()
const tell = (line: string) => fs.writeSync(1, `${line}\n`)

for (let n = 0; n < Number(count) || !isOver; n++) {
  const key = `${writer}-${n % 20}`
  if (n % 7 === 6) {
    await memory.delete(key)
    tell(`deleted ${key}`)
  } else {
    await memory.store(key, `text of ${writer} number${n}`)
    tell(`stored ${key} number${n}`)
  }
}
await memory.close()
