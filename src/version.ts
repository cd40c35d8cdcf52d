import fs from 'node:fs'
import path from 'node:path'

/** From package.json, which lies above the sources and above the bundle. */
export function packageVersion(): string {
  for (let folder = import.meta.dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    const { name, version } = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}
    if (name === 'hivewax') return version
  }
  return 'unknown'
}
