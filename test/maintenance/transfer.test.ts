import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Author } from '../../src/db/author.ts'
import { ArrayElements } from '../../src/maintenance/transfer/array-elements.ts'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { openScratch, scratchFolder } from '../support/memory.ts'

const shapes = ['json', 'ndjson']

const hostile = [
  '__proto__',
  'constructor',
  '"',
  '\\',
  '\n',
  ' ',
  '%_*?[',
  "'; drop table memory_store; --",
  '\u{1f41d}',
  '../x',
]

const name = fc.oneof(
  fc.constantFrom(...hostile),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter(text => text.isWellFormed() && !text.includes('\0')),
)
const record = fc.record({
  key: name,
  value: fc.jsonValue({ noUnicodeString: false }).filter(isKept),
  metadata: fc.option(fc.jsonValue().filter(isKept), { nil: undefined }),
  expiresInMs: fc.option(fc.integer({ min: 1, max: 10 ** 12 }), { nil: undefined }),
})

/** Text with a lone surrogate is none that UTF-8 can hold. */
function isKept(value: unknown): boolean {
  return JSON.stringify(value).isWellFormed()
}

for (const shape of shapes) {
  test(`what is exported as ${shape} is imported exactly, times and expiry included`, async () => {
    const folder = scratchFolder()
    const clock = new TestClock()
    const memory = await openScratch({ clock })
    const other = await openScratch({ clock })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(record, { selector: ({ key }) => key, maxLength: 60 }),
        async records => {
          const namespace = `run ${run++}`
          for (const { key, value, metadata, expiresInMs } of records) {
            clock.advance(3)
            const expiresAt = expiresInMs && new Date(clock.now() + 60_000 + expiresInMs)
            await memory.store(key, value, { namespace, metadata, ...(expiresAt && { expiresAt }) })
          }
          const file = path.join(folder, `${run}.${shape}`)
          expect(await memory.exportNamespace(namespace, file)).toMatchObject({
            namespace,
            records: records.length,
          })
          expect(await other.maintenance.importNamespace(file)).toEqual({
            path: file,
            namespace,
            imported: records.length,
            skipped: 0,
            expired: 0,
          })
          expect(await all(other, namespace)).toEqual((await all(memory, namespace)).map(broughtIn))
        },
      ),
      { numRuns: 12 },
    )
  })

  test(`an export as ${shape} has many pages, and leaves out what has expired`, async () => {
    const folder = scratchFolder()
    const clock = new TestClock()
    const memory = await openScratch({ clock })
    await memory.kv.storeMany(Array.from({ length: 1234 }, (_, i) => ({ key: `k${i}`, value: i })))
    await memory.store('gone', 1, { ttl: 1 })
    await memory.store('elsewhere', 1, { namespace: 'other' })
    clock.advance(1000)
    const file = path.join(folder, `export.${shape}`)
    const result = await memory.exportNamespace('default', file)
    expect(result).toEqual({ path: file, namespace: 'default', records: 1234, bytes: fs.statSync(file).size })
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    const copied = await memory.maintenance.importNamespace(file, { namespace: 'copy' })
    expect(copied).toMatchObject({ namespace: 'copy', imported: 1234 })
    expect((await all(memory, 'copy')).map(({ namespace: _, ...rest }) => rest)).toEqual(
      (await all(memory, 'default')).map(({ namespace: _, ...rest }) => broughtIn(rest)),
    )
    expect(fs.readdirSync(folder)).toEqual([`export.${shape}`])
  })

  test(`an empty namespace makes an empty ${shape} file, which can be imported`, async () => {
    const memory = await openScratch()
    const file = path.join(scratchFolder(), `export.${shape}`)
    expect(await memory.exportNamespace('none', file)).toMatchObject({ records: 0 })
    expect(await memory.maintenance.importNamespace(file)).toMatchObject({ namespace: 'none', imported: 0 })
  })
}

test('a document is plain JSON, and may be written by somebody else', async () => {
  const memory = await openScratch()
  const file = path.join(scratchFolder(), 'export.json')
  await memory.store('a', { records: [1, { x: '],[' }] })
  await memory.store('b', -0)
  await memory.exportNamespace('default', file)
  const document = JSON.parse(fs.readFileSync(file, 'utf8'))
  expect(document).toMatchObject({ format: 'hivewax-namespace', version: 1, namespace: 'default' })
  const { records, ...header } = document
  fs.writeFileSync(file, JSON.stringify({ records, ...header }, null, 4))
  await memory.maintenance.importNamespace(file, { namespace: 'copy' })
  expect(await memory.retrieve('a', { namespace: 'copy' })).toEqual({ records: [1, { x: '],[' }] })
})

test('what a foreign writer stored is exported as it reads: text as a string, JSON in several lines as one', async () => {
  const memory = await openScratch()
  const insert = "insert into memory_store (key, value, namespace) values (?, ?, 'foreign')"
  await memory.execute(insert, ['text', 'plain "text"'])
  await memory.execute(insert, ['lines', '{\n  "a": "x\\ny"\n}'])
  const file = path.join(scratchFolder(), 'export.ndjson')
  await memory.exportNamespace('foreign', file)
  await memory.maintenance.importNamespace(file, { namespace: 'copy' })
  expect(await memory.retrieve('text', { namespace: 'copy' })).toBe('plain "text"')
  expect(await memory.retrieve('lines', { namespace: 'copy' })).toEqual({ a: 'x\ny' })
})

test('a key that exists is replaced, skipped, or fails the import before anything is stored', async () => {
  const memory = await openScratch()
  const file = path.join(scratchFolder(), 'export.json')
  const values = () => memory.kv.retrieveMany(['a', 'b', 'c'])
  await memory.kv.storeMany(['a', 'b', 'c'].map(key => ({ key, value: 'exported' })))
  await memory.exportNamespace('default', file)
  await memory.clearNamespace('default')
  await memory.store('c', 'present')
  const failed = memory.maintenance.importNamespace(file, { onConflict: 'fail' })
  await expect(failed).rejects.toMatchObject({
    code: 'conflict',
    details: { namespace: 'default', key: 'c' },
  })
  expect(await values()).toEqual(new Map([['c', 'present']]))
  const skipped = await memory.maintenance.importNamespace(file, { onConflict: 'skip' })
  expect(skipped).toMatchObject({ imported: 2, skipped: 1 })
  expect(await memory.retrieve('c')).toBe('present')
  const { revision } = (await memory.kv.get('c'))!
  expect(await memory.maintenance.importNamespace(file)).toMatchObject({ imported: 3, skipped: 0 })
  expect(await memory.kv.get('c')).toMatchObject({ value: 'exported', revision: revision + 1 })
})

test('an expired record counts as absent, in the store and in the file', async () => {
  const clock = new TestClock()
  const memory = await openScratch({ clock })
  const file = path.join(scratchFolder(), 'export.json')
  await memory.store('long', 'exported', { ttl: 60 })
  await memory.store('short', 'exported', { ttl: 1 })
  await memory.exportNamespace('default', file)
  await memory.store('long', 'present', { ttl: 2 })
  clock.advance(2000)
  const result = await memory.maintenance.importNamespace(file, { onConflict: 'fail' })
  expect(result).toMatchObject({ imported: 1, skipped: 0, expired: 1 })
  expect(await memory.retrieve('long')).toBe('exported')
  expect(await memory.retrieve('short')).toBeUndefined()
})

const line = JSON.stringify({
  format: 'hivewax-namespace',
  version: 1,
  namespace: 'n',
  exportedAt: '2026-01-01T00:00:00Z',
})
const good = '{"key":"k","value":1,"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}'
const badFiles: Record<string, string | Buffer> = {
  'empty.json': '',
  'empty.ndjson': '',
  'text.json': 'hello',
  'cut.json': `${line.slice(0, -1)},"records":[${good},{"key":`,
  'cut-between.json': `${line.slice(0, -1)},"records":[${good}`,
  'comma.json': `${line.slice(0, -1)},"records":[${good},]}`,
  'none.json': line,
  'foreign.json': '{"records":[]}',
  'version.ndjson': line.replace('1', '2'),
  'headless.ndjson': good,
  'key.ndjson': `${line}\n${good.replace('"k"', '""')}`,
  'value.ndjson': `${line}\n${good.replace('"value":1,', '')}`,
  'time.ndjson': `${line}\n${good.replace('2026', 'then')}`,
  'bytes.ndjson': Buffer.concat([Buffer.from(`${line}\n`), Buffer.from([0xff, 0xfe])]),
}

for (const [file, content] of Object.entries(badFiles)) {
  test(`a bad file stores nothing: ${file}`, async () => {
    const memory = await openScratch()
    const target = path.join(scratchFolder(), file)
    fs.writeFileSync(target, content)
    await expect(memory.maintenance.importNamespace(target)).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await memory.kv.namespaces()).items).toEqual([])
  })
}

test('a bad record at the end keeps the good ones before it from being stored', async () => {
  const memory = await openScratch()
  const file = path.join(scratchFolder(), 'bad.ndjson')
  const lines = Array.from({ length: 500 }, (_, i) => good.replace('"k"', `"k${i}"`))
  fs.writeFileSync(file, [line, ...lines, '{"key":1}'].join('\n'))
  await expect(memory.maintenance.importNamespace(file)).rejects.toMatchObject({ code: 'invalid_input' })
  expect((await memory.kv.namespaces()).items).toEqual([])
})

test('paths that cannot be exported to or imported from are refused', async () => {
  const memory = await openScratch()
  const folder = scratchFolder()
  const invalid = { code: 'invalid_input' }
  await expect(memory.exportNamespace('n', path.join(folder, 'export.csv'))).rejects.toMatchObject(invalid)
  await expect(memory.exportNamespace('n', '')).rejects.toMatchObject(invalid)
  await expect(memory.exportNamespace('', path.join(folder, 'a.json'))).rejects.toMatchObject(invalid)
  fs.symlinkSync(memory.url, path.join(folder, 'link.json'))
  await expect(memory.exportNamespace('n', path.join(folder, 'link.json'))).rejects.toMatchObject(invalid)
  const missing = memory.maintenance.importNamespace(path.join(folder, 'missing.json'))
  await expect(missing).rejects.toMatchObject({ code: 'not_found' })
  expect(fs.readdirSync(folder)).toEqual(['link.json'])
})

test('the elements of an array are found however the text is cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue()),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(4),
      (values, size, indent) => {
        const text = JSON.stringify(
          { before: [[], {}, '"records":['], records: values, after: { records: [1] } },
          null,
          indent,
        )
        const elements = new ArrayElements('records')
        const found: unknown[] = []
        for (let i = 0; i < text.length; i += size) {
          for (const element of elements.take(text.slice(i, i + size))) found.push(JSON.parse(element))
        }
        elements.end()
        expect(found).toEqual(JSON.parse(JSON.stringify(values)))
        expect(JSON.parse(elements.rest)).toEqual({
          before: [[], {}, '"records":['],
          records: [],
          after: { records: [1] },
        })
      },
    ),
  )
})

/** A record as it is once the same person has imported it. */
function broughtIn<T extends { author: Author | undefined }>({ author, ...rest }: T) {
  if (author === undefined) throw new Error('whoever stored it is known')
  return { ...rest, author: { ...author, importedBy: { agent: author.agent, via: 'import' } } }
}

async function all(memory: Memory, namespace: string) {
  const { items } = await memory.kv.search('*', { namespace, limit: 10_000 })
  return items.map(({ revision: _, ...rest }) => rest)
}
