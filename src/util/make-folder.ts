import fs from 'node:fs'
import path from 'node:path'

/** Makes a folder that only its owner can read, and those above it. A power cut takes none of them away again. */
export function makeFolder(folder: string): void {
  const whole = path.resolve(folder)
  const first = fs.mkdirSync(whole, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const top = path.dirname(first)
  for (let made = whole; made.length > top.length; made = path.dirname(made)) sync(path.dirname(made))
}

/** Windows has no such call, and needs none. */
function sync(folder: string): void {
  if (process.platform === 'win32') return
  const handle = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}
