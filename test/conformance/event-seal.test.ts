import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Progress } from '../../src/db/engine.ts'
import type { Memory } from '../../src/memory.ts'
import { toDate, toTimeText } from '../../src/util/time.ts'
import { scratchFolder } from '../support/memory.ts'
import { conform } from './conform.ts'
import type { Open } from './suite.ts'

const some = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ type: 't', data: from + i }))

/** A store whose log was sealed after its first two events; ids 3 to 12 are sealed. */
async function sealed(open: Open): Promise<Memory> {
  const memory = await open()
  await memory.events.logMany(some(2))
  await memory.events.seal()
  await memory.events.logMany(some(9, 2))
  await memory.logEvent('t', 11)
  return memory
}

/** What somebody does to the store behind our back, and where it shows. */
const tampering: [string, string[], { id: number; why: string }][] = [
  ['changes data', [`update events set data = '99' where id = 7`], { id: 7, why: 'changed' }],
  ['changes a type', [`update events set type = 'u' where id = 3`], { id: 3, why: 'changed' }],
  ['changes a source', [`update events set source = 'u' where id = 12`], { id: 12, why: 'changed' }],
  [
    'changes a time',
    [`update events set timestamp = '2020-01-01 00:00:00' where id = 7`],
    { id: 7, why: 'changed' },
  ],
  ['empties data', ['update events set data = null where id = 7'], { id: 7, why: 'changed' }],
  ['deletes an event', ['delete from events where id = 7'], { id: 7, why: 'missing' }],
  ['deletes the newest event', ['delete from events where id = 12'], { id: 12, why: 'missing' }],
  [
    'deletes an event and its hash',
    ['delete from events where id = 7', 'delete from hivewax_event_hashes where event_id = 7'],
    { id: 8, why: 'changed' },
  ],
  ['deletes a hash', ['delete from hivewax_event_hashes where event_id = 7'], { id: 7, why: 'unsealed' }],
  [
    'deletes the first hash',
    ['delete from hivewax_event_hashes where event_id = 2'],
    { id: 3, why: 'missing' },
  ],
  ['deletes all hashes', ['delete from hivewax_event_hashes'], { id: 3, why: 'missing' }],
  [
    'exchanges two events',
    [
      'update events set id = 100 where id = 5',
      'update events set id = 5 where id = 6',
      'update events set id = 6 where id = 100',
    ],
    { id: 5, why: 'changed' },
  ],
  [
    'exchanges two events with their hashes',
    ['events', 'hivewax_event_hashes'].flatMap(table => {
      const id = table === 'events' ? 'id' : 'event_id'
      return [
        `update ${table} set ${id} = 100 where ${id} = 5`,
        `update ${table} set ${id} = 5 where ${id} = 6`,
        `update ${table} set ${id} = 6 where ${id} = 100`,
      ]
    }),
    { id: 5, why: 'changed' },
  ],
  ['appends an event', [`insert into events (type, source) values ('t', 's')`], { id: 13, why: 'unsealed' }],
  [
    'inserts an event between others',
    [
      'delete from events where id = 7',
      'delete from hivewax_event_hashes where event_id = 7',
      `insert into events (id, type, source) values (7, 't', 's')`,
    ],
    { id: 7, why: 'unsealed' },
  ],
]

conform('event seal', open => {
  it('seals what is appended from then on, by whatever call, each in one chain', async () => {
    const memory = await open()
    await expect(memory.events.verify()).rejects.toMatchObject({ code: 'not_found' })
    await memory.events.logMany(some(3))
    expect(await memory.events.seal()).toEqual({ id: 3, hash: '0'.repeat(64) })
    await memory.logEvent('t')
    await memory.events.logMany(some(250))
    await memory.transaction(tx => tx.logEvent('t'))
    await Promise.all([1, 2, 3].map(n => memory.logEvent('t', n)))
    await memory.tasks.create({ description: 'x' })
    const { items } = await memory.events.list({ since: 3, limit: 1000 })
    const found = await memory.events.verify()
    expect(found).toEqual({
      ok: true,
      checked: items.length,
      head: { id: items.at(-1)?.id, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      firstBad: undefined,
    })
    expect(await memory.events.seal()).toEqual(found.head)
  })

  it('hashes as documented: SHA-256 of the hash before and the columns, as JSON', async () => {
    const memory = await open()
    const { hash: before } = await memory.events.seal()
    await memory.logEvent({ type: 't', source: 's', data: { ü: 1 } })
    const [row] = await memory.query('select * from events')
    // The time as SQLite writes it, on any engine: `2026-01-31 12:00:59.123`.
    const time = toTimeText(toDate(row?.timestamp as string | Date))
    const text = JSON.stringify([before, row?.id, 't', 's', '{"ü":1}', time, row?.author])
    const hash = createHash('sha256').update(text).digest('hex')
    expect((await memory.events.verify()).head).toEqual({ id: row?.id, hash })
  })

  it('keeps no hash of an event that was rolled back', async () => {
    const memory = await sealed(open)
    const undone = memory.transaction(async tx => {
      await tx.logEvent('undone')
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    await memory.logEvent('t')
    expect(await memory.events.verify()).toMatchObject({ ok: true, checked: 11 })
  })

  for (const [what, statements, firstBad] of tampering) {
    it(`finds that somebody ${what}`, async () => {
      const memory = await sealed(open)
      expect(await memory.events.verify()).toMatchObject({ ok: true, checked: 10 })
      for (const statement of statements) await memory.execute(statement)
      const found = await memory.events.verify()
      expect(found).toMatchObject({ ok: false, firstBad })
      expect(found.head.id).toBeLessThan(firstBad.id)
      await memory.logEvent('t')
      expect(await memory.events.verify()).toMatchObject({ ok: false, firstBad })
    })
  }

  it('verifies a part: what is before it is taken as it is, and what is after it is not looked at', async () => {
    const memory = await sealed(open)
    const { head } = await memory.events.verify({ to: 8 })
    expect(head.id).toBe(8)
    await memory.execute(`update events set data = '99' where id = 5`)
    await memory.execute(`update events set data = '99' where id = 10`)
    expect(await memory.events.verify({ from: 6, to: 9 })).toMatchObject({ ok: true, checked: 4 })
    expect(await memory.events.verify({ from: 6 })).toMatchObject({ checked: 4, firstBad: { id: 10 } })
    expect(await memory.events.verify({ from: 1, to: 4 })).toMatchObject({ ok: true, checked: 2 })
    expect(await memory.events.verify({ from: 13 })).toMatchObject({ ok: true, checked: 0 })
    expect(await memory.events.verify({ to: 1 })).toMatchObject({ ok: true, checked: 0 })
  })

  it('shows by a head that was kept elsewhere that the newest events were cut off', async () => {
    const memory = await sealed(open)
    const { head } = await memory.events.verify()
    await memory.execute('delete from events where id > 9')
    await memory.execute('delete from hivewax_event_hashes where event_id > 9')
    expect((await memory.events.verify({ to: head.id })).head).not.toEqual(head)
  })

  it('stays verifiable when old events are pruned, before the seal, at it and after it', async () => {
    const memory = await sealed(open)
    const { head } = await memory.events.verify()
    for (const [keep, checked] of [
      [11, 10],
      [10, 10],
      [6, 6],
      [0, 0],
    ] as const) {
      await memory.events.prune({ keep })
      expect(await memory.events.verify()).toEqual({ ok: true, checked, head, firstBad: undefined })
    }
    expect(await memory.query('select event_id from hivewax_event_hashes')).toEqual([{ event_id: 12 }])
    await memory.logEvent('t')
    expect(await memory.events.verify()).toMatchObject({ ok: true, checked: 1 })
    await memory.execute('delete from hivewax_event_hashes where event_id = 12')
    expect(await memory.events.verify()).toMatchObject({ ok: false, firstBad: { id: 13, why: 'missing' } })
  })

  it('reads in slices, tells how far it is, and stops when it is told to', async () => {
    const memory = await open()
    await memory.events.seal()
    await memory.events.logMany(some(1000))
    const progress: Progress[] = []
    const onProgress = (done: Progress) => void progress.push(done)
    expect(await memory.events.verify({ onProgress })).toMatchObject({ ok: true, checked: 1000 })
    expect(progress.length).toBeGreaterThan(4)
    expect(progress.at(-1)).toEqual({ step: 'verify', fraction: 1 })
    const controller = new AbortController()
    const stopped = memory.events.verify({
      onProgress: () => controller.abort(new Error('enough')),
      signal: controller.signal,
    })
    await expect(stopped).rejects.toThrow('enough')
  })

  it('holds in what a restore brings back, the event of the restore included', async () => {
    const memory = await sealed(open)
    const folder = scratchFolder()
    await memory.backup(`${folder}/sealed.db`)
    await memory.events.logMany(some(5))
    await memory.restore(`${folder}/sealed.db`)
    await memory.logEvent('t')
    expect(await memory.events.verify()).toMatchObject({ ok: true, checked: 12 })
  })

  it('verifies while others append and prune', async () => {
    const memory = await open({ durability: 'normal' })
    await memory.events.seal()
    await memory.events.logMany(some(2000))
    for (let round = 0; round < 5; round++) {
      const verified = memory.events.verify()
      await memory.events.logMany(some(300))
      await memory.events.prune({ keep: 700 })
      expect(await verified).toMatchObject({ ok: true })
    }
  })
})
