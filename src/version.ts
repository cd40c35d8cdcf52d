import fs from 'node:fs'
import path from 'node:path'

/** From package.json. */
export function packageVersion(): string {
  const file = path.join(packageFolder(), 'package.json')
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).version : 'unknown'
}

/** Where package.json lies, above the sources and above the bundle. */
export function packageFolder(): string {
  for (let folder = import.meta.dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    if (fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')).name === 'hivewax') return folder
  }
  return import.meta.dirname
}
