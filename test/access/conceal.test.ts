import os from 'node:os'
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { concealed } from '../../src/access/conceal.ts'
import { Busy, InvalidInput, NotFound, Storage } from '../../src/errors.ts'

const file = path.join(os.tmpdir(), 'project', 'memory.db')

it.each([
  ['a path', `cannot use ${file}: it is full`, 'cannot use (a place of the server): it is full'],
  ['a path in quotes', `there is no folder '${file}'`, "there is no folder '(a place of the server)'"],
  [
    'a database',
    'cannot reach postgres://me:secret@10.0.0.5:5432/db now',
    'cannot reach (a place of the server) now',
  ],
  ['where a connection went', 'connect ECONNREFUSED 10.0.0.5:5432', 'connect ECONNREFUSED'],
  ['a socket of IPv6', 'connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED'],
])('callers from elsewhere are not told %s', (_, message, told) => {
  expect(concealed(new InvalidInput(message, { hint: message }))).toMatchObject({ message: told, hint: told })
})

it.each([
  'decision/db',
  '/no such folder/key',
  'tasks/2026-12-01',
  'key "a/b" in "team/x"',
  '10:30:5 and 1/2',
])('what names records stays: %s', text => {
  expect(concealed(new NotFound(`nothing of ${text}`)).message).toBe(`nothing of ${text}`)
})

it('details are told without places too, at any depth, and as they are where callers have given them', () => {
  const details = { file, path: 'a/b', gone: [file], found: { in: [{ at: file }] }, key: file, value: [file] }
  const somewhere = '(a place of the server)'
  expect(concealed(new Busy('busy', { details: { ...details, retryAfterMs: 5 } })).details).toEqual({
    file: somewhere,
    path: 'a/b',
    gone: [somewhere],
    found: { in: [{ at: somewhere }] },
    key: file,
    value: [file],
    retryAfterMs: 5,
  })
})

it('the code, and what can be done, are the same', () => {
  const error = new InvalidInput(`bad ${file}`, { hint: 'Try again.' })
  expect(concealed(error)).toMatchObject({ code: 'invalid_input', hint: 'Try again.', retryable: false })
})

it('of what is not ours nothing is told, and the log has it, with nothing hidden in it', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  try {
    expect(concealed(new TypeError(`secret of ${file}\u202e`))).toMatchObject({
      code: 'storage',
      message: 'the server failed; its log says why',
    })
    expect(log.mock.calls[0]?.[0]).toContain(`secret of ${file}`)
    expect(log.mock.calls[0]?.[0]).not.toContain('\u202e')
    concealed(new Storage(`cannot write ${file}`))
    expect(log.mock.calls[1]?.[0]).toContain(file)
  } finally {
    log.mockRestore()
  }
})
