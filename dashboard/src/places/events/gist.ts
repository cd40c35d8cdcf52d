import type { EventFacts, Json } from '../../api/answers.ts'

/** What an event tells, as far as a line has room: its fields with their names. */
export function gist({ data }: EventFacts): string {
  if (data === undefined) return ''
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return plain(data)
  const fields = Object.entries(data).slice(0, 8)
  return fields.map(([name, value]) => `${name} ${plain(value)}`).join(' · ')
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
