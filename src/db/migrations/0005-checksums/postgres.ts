import { type Table, tables } from './tables.ts'

function addTo({ name, checksums }: Table): string {
  const columns = Object.keys(checksums).map(checksum => `add column ${checksum} bigint`)
  return `\nalter table ${name} ${columns.join(', ')};`
}

/** The part of PostgreSQL, whose pages have checksums of its own: there these columns stay null. */
export const postgres = `${tables.map(addTo).join('')}
`
