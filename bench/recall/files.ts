import fs from 'node:fs'

/** The files below a folder whose names end so, by their paths in it. */
export function filesIn(folder: string, end: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter(name => name.endsWith(end)).sort()
}
