import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keysFound } from '../support/found.ts'
import { conform } from './conform.ts'

/** What counts as a word, in a text and in what is asked for. */
conform('find words', open => {
  it('finds a record by any word of its key or value, whatever its form, case and accents', async () => {
    const memory = await open()
    await memory.store('build_preferences', { level: 'full', maxRetryCount: 3, city: 'Zürich' })
    await memory.store('notes', 'The policy: back off exponentially.\nNever give up.')
    expect(await keysFound(memory, 'preferences')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'PREFERENCE')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'retries')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'maxretrycount')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'retry-count')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'buildPreferences')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'zurich')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'ZU\u0308RICH')).toEqual(['build_preferences'])
    expect(await keysFound(memory, 'exponential policies')).toEqual(['notes'])
    expect(await keysFound(memory, 'retr')).toEqual([])
  })

  it('finds Chinese, Japanese and Korean by a part of a sentence', async () => {
    const memory = await open()
    await memory.store('zh', '重试策略很重要')
    await memory.store('ja', 'バックオフの設定')
    await memory.store('ko', '재시도를 세 번 한다')
    expect(await keysFound(memory, '策略')).toEqual(['zh'])
    expect(await keysFound(memory, '設定')).toEqual(['ja'])
    expect(await keysFound(memory, '재시도')).toEqual(['ko'])
    expect(await keysFound(memory, '重')).toEqual(['zh'])
    expect((await memory.find('策略'))[0]?.snippet).toBe('重试«策略»很重要')
  })

  it('finds a text by its beginning, however long it and its words are', async () => {
    const memory = await open()
    // One character of 15 letters: as many of them as make a word.
    const long = '\ufdfa'.repeat(128)
    await memory.store('word', `${long} plain`)
    expect(await keysFound(memory, long)).toEqual(['word'])
    expect(await keysFound(memory, 'plain')).toEqual(['word'])
    const words = Array.from(
      { length: 5_000 },
      (_, i) => `${long.slice(0, 8)}${i.toString(36).padStart(3, '0')}`,
    )
    await memory.store('text', words.join(' '))
    await memory.store('after', 'plain')
    expect(await keysFound(memory, words[0] ?? '')).toContain('text')
    expect((await keysFound(memory, 'plain')).sort()).toEqual(['after', 'word'])
  })

  it('leaves words like "the" out of a search, unless there are no others', async () => {
    const memory = await open()
    await memory.store('a', 'the end of it')
    await memory.store('b', 'a failing deploy')
    expect(await keysFound(memory, 'why did the deploy fail, and how do we fix it?')).toEqual(['b'])
    expect(await keysFound(memory, 'the')).toEqual(['a'])
    expect(await keysFound(memory, 'To be of it')).toEqual(['a'])
  })

  it('takes any text for words, never for syntax', async () => {
    const memory = await open()
    await memory.store('near', 'an or not and column title')
    await memory.store('plain', 'value')
    const hostile = [
      ...[
        'value"',
        '"value',
        '""value""',
        "'value",
        '`value`',
        '(value',
        'value)',
        'value*',
        '^value',
        '-value',
      ],
      ...[
        'value + value',
        'title : value',
        'title:value',
        'body:(value)',
        '{title body} : value',
        '$value',
        ':value',
      ],
      ...['NEAR(value value, 2)', 'value AND', 'OR value', 'NOT value', 'value AND NOT', '?value', '\\value'],
      ...[
        "value'; drop table memory_store; --",
        'value\0',
        '\0value',
        '%value_',
        'value \ud800',
        'value\u202e',
      ],
      ...['\u{1f41d} value', 'value\r\n\t'],
    ]
    for (const text of hostile) expect(await keysFound(memory, text), JSON.stringify(text)).toContain('plain')
    for (const text of ['\u{1f41d}', '"', '""', "'", '* ( ) ^', '…', '\0', '\ud800'])
      expect(await memory.find(text)).toEqual([])
    expect(await keysFound(memory, 'NEAR')).toEqual(['near'])
  })

  it('never fails on a text of up to 1,000 characters', async () => {
    const memory = await open()
    await memory.store('k', 'value')
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 500 }),
          fc.string({ unit: 'grapheme', maxLength: 500 }),
          fc
            .array(fc.constantFrom('"', 'AND', '(', ')', '*', ':', 'NEAR', 'a', '-', '{', '}', '\0', '重试'))
            .map(parts => parts.join(' ')),
        ),
        async text => {
          const found = await memory.find(`${text.slice(0, 990)} value`)
          expect(found.length).toBeLessThanOrEqual(1)
        },
      ),
    )
    const long = 'word '.repeat(200)
    expect(long).toHaveLength(1000)
    expect(await keysFound(memory, `${long.slice(0, 994)} value`)).toEqual(['k'])
  })

  it('counts the first 32 words of a long search', async () => {
    const memory = await open()
    await memory.store('first', 'w1')
    await memory.store('32nd', 'w32')
    await memory.store('33rd', 'w33')
    const text = Array.from({ length: 40 }, (_, i) => `w${i + 1}`).join(' ')
    expect((await keysFound(memory, text)).sort()).toEqual(['32nd', 'first'])
  })

  it('refuses what cannot be searched for', async () => {
    const memory = await open()
    const refused = async (text: unknown, options?: object) =>
      expect(memory.find(text as string, options)).rejects.toMatchObject({ code: 'invalid_input' })
    for (const text of ['', ' \n\t', 'x'.repeat(1001), 42, null, undefined, ['x']]) await refused(text)
    for (const limit of [0, 101, 1.5, -1, '5', Number.NaN]) await refused('x', { limit })
    for (const place of ['sessions', '', 'Memory', [], ['memory', 'x'], 7]) await refused('x', { in: place })
    for (const namespace of ['', 'n'.repeat(129), 'a\0', 7]) await refused('x', { namespace })
  })

  it('shows the place with the most matches on one line, and says where it cut', async () => {
    const memory = await open()
    const filler = Array.from({ length: 60 }, (_, i) => `filler${i}`).join(' ')
    await memory.store('k', `retry once. ${filler}\n\nthe retries\tback off\u001b[31m twice ${filler}`)
    const [found] = await memory.find('retry backing')
    expect(found?.snippet).toMatch(/^….*the «retries» «back» off \[31m twice filler0 .*…$/)
    expect(found?.snippet.length).toBeLessThan(200)
    expect(found?.value).toBeUndefined()
    await memory.store('k', { text: `retry ${'long '.repeat(300)}` })
    expect((await memory.find('retry'))[0]).toMatchObject({
      snippet: expect.stringMatching(/^text: «retry» long .*…$/),
      value: undefined,
    })
    await memory.store('retry_key', 'no such word')
    expect((await memory.find('retry', { limit: 1 }))[0]?.snippet).toBe('«retry»_key: no such word')
  })
})
