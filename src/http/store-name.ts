import path from 'node:path'

/**
 * What people call a store: the project that it belongs to, the name of its file, or of its database. Not where it lies,
 * which is nobody's business but the owner's.
 */
export function storeName(location: string): string {
  if (URL.canParse(location)) return decodeURIComponent(new URL(location).pathname.slice(1))
  const folder = path.dirname(location)
  return path.basename(path.basename(folder) === '.swarm' ? path.dirname(folder) : location)
}
