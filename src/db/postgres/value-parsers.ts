type Parsers = typeof import('pg').types

const int8 = 20
const numeric = 1700
const timestamptz = 1184

/**
 * What reads the values of a type. Numbers come as numbers: none of ours is beyond what JavaScript counts exactly. The
 * rest is read as the driver does it.
 */
export function parserOf(driver: Parsers, oid: number, format?: 'text' | 'binary') {
  if (oid === int8 || oid === numeric) return Number
  const parse = driver.getTypeParser(oid, format as 'text')
  if (oid !== timestamptz) return parse
  return (text: string) => (plainTime.test(text) ? readPlainTime(text) : parse(text))
}

/** A time as a server in UTC writes it, but for those before Christ and after 9999. */
const plainTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,3})?\+00$/

/** Times that are read together are mostly of one day, which the slow parser need not read again. */
let lastDay = { text: '', ms: Number.NaN }

function readPlainTime(text: string): Date {
  const day = text.slice(0, 10)
  if (day !== lastDay.text) lastDay = { text: day, ms: Date.parse(day) }
  const minutes = 60 * Number(text.slice(11, 13)) + Number(text.slice(14, 16))
  const seconds = Number(text.slice(17, -3))
  return new Date(lastDay.ms + 60_000 * minutes + Math.round(1_000 * seconds))
}
