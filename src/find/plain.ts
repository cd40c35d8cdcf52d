/**
 * A value's JSON text as a reader would write it: `{"a":["b c",1]}` becomes `a: b c, 1`. Works by tokens, so
 * that a text that was cut off is read to its end. What is not JSON, as a foreign writer may have stored it,
 * stays as it is.
 */
export function plainText(json: string): string {
  if (!/^\s*["{[]/.test(json)) return json
  return json.replace(token, (found: string, string: string | undefined) =>
    string === undefined ? (punctuation.get(found) ?? '') : unescaped(string),
  )
}

const token = /"([^"\\]*(?:\\.[^"\\]*)*)"?|[{}[\]:,]/gs

const punctuation = new Map([
  [':', ': '],
  [',', ', '],
])

function unescaped(string: string): string {
  if (!string.includes('\\')) return string
  try {
    return JSON.parse(`"${string}"`)
  } catch {
    // Cut off within an escape, or never JSON.
    return string.replaceAll('\\', ' ')
  }
}
