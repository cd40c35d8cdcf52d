import path from 'node:path'

/**
 * What people call a store: the project that it belongs to, the name of its file, or of its database. Not where it lies,
 * which is nobody's business but the owner's.
 */
export function storeName(location: string): string {
  if (location.includes('://')) return databaseName(location)
  // A place of Windows, too, where the program may have been given one.
  const parts = location.split(/[\\/]/)
  const [folder = '', file = ''] = parts.slice(-2)
  return (folder === '.swarm' ? parts.at(-3) : file) || path.basename(location) || location
}

function databaseName(url: string): string {
  const [, name = '', query = ''] = /^[a-z]+:\/\/[^/?]*\/?([^?]*)\??(.*)$/i.exec(url) ?? []
  const written = name || new URLSearchParams(query).get('dbname') || 'postgres'
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
