import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openPostgresScratch } from '../support/postgres.ts'

it('reads every time as it was written, to the millisecond', async () => {
  const memory = await openPostgresScratch()
  const bounds = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') }
  const times = fc.date({ ...bounds, noInvalidDate: true })
  const sameDay = times.chain(day =>
    fc
      .integer({ min: 0, max: 86_399_999 })
      .map(ms => new Date(Math.floor(+day / 86_400_000) * 86_400_000 + ms)),
  )
  const lists = fc.array(fc.oneof(times, sameDay, fc.constant(new Date('2024-02-29T00:00:00Z'))), {
    minLength: 1,
  })
  await fc.assert(
    fc.asyncProperty(lists, async dates => {
      const texts = JSON.stringify(dates.map(date => postgresText(date)))
      const rows = await memory.query(
        'select item::timestamptz as time from json_array_elements_text($1::json) with ordinality as list (item, n) order by n',
        [texts],
      )
      expect(rows.map(row => (row.time as Date).getTime())).toEqual(dates.map(date => date.getTime()))
    }),
  )
})

/** PostgreSQL has no year 0: the one before 1 is 1 BC. */
function postgresText(date: Date): string {
  const text = date.toISOString()
  return date.getUTCFullYear() === 0 ? `${text.replace(/^0000/, '0001')} BC` : text
}
