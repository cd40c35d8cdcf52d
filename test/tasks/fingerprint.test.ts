import { expect, it } from 'vitest'
import { openScratch } from '../support/memory.ts'

it('knows a task again that an earlier version created under its idempotency key', async () => {
  const memory = await openScratch()
  await memory.tasks.create({ id: 'p', description: 'p' })
  await memory.tasks.createMany([
    { description: 'Deploy', idempotencyKey: 'a' },
    {
      id: 'b',
      description: 'Deploy',
      priority: 'high',
      payload: { b: 1, a: [2] },
      queue: 'mail',
      requires: ['y', 'x'],
      runAt: new Date('2099-01-01'),
      maxAttempts: 7,
      backoff: { baseMs: 5 },
      dependencies: [{ id: 'p', onFailure: 'skip' }],
      idempotencyKey: 'b',
    },
    { description: 'c', delayMs: 1e9, idempotencyKey: 'c' },
  ])
  const rows = await memory.query('select fingerprint from tasks where fingerprint is not null order by id')
  expect(new Set(rows.map(row => row.fingerprint))).toEqual(
    new Set([
      '385ae524323cc2e49959b93edc79b1672485e597717a1235e06f99388c99f81e',
      '60e66ede2e77cc076ff620114c951cd8dd58dbc9d31e2c4f2a58f07a06163971',
      'ce02887b01521e01ec70702e1e113de22714a08712142a149372490a81c70c11',
    ]),
  )
})
