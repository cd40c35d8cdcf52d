import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { withClient } from '../support/postgres.ts'

/** A store as a program of its time left it: statements that make it anew, and what that program answered about it. */
export interface RecordedStore {
  readonly engine: 'sqlite' | 'postgres'
  /** The number of the newest migration that it has. */
  readonly schema: number
  readonly text: string
  readonly answers: unknown
}

const folder = new URL('./stores/', import.meta.url)

/** Every store that was recorded. */
export const recordedStores: readonly RecordedStore[] = fs
  .readdirSync(folder)
  .filter(name => name.endsWith('.sql'))
  .map(name => {
    const [engine = '', schema] = name.replace('.sql', '').split('-')
    const read = (file: string) => fs.readFileSync(new URL(file, folder), 'utf8')
    return {
      engine: engine as RecordedStore['engine'],
      schema: Number(schema),
      text: read(name),
      answers: JSON.parse(read(name.replace('.sql', '.json'))),
    }
  })

/** Makes the recorded store at a location where there is none. */
export async function remake({ engine, text }: RecordedStore, location: string): Promise<void> {
  if (engine === 'sqlite') return remakeFile(text, location)
  const schema = new URL(location).searchParams.get('schema')
  await withClient(client => client.query(`create schema ${schema}; set search_path = ${schema}; ${text}`))
}

function remakeFile(text: string, file: string): void {
  fs.writeFileSync(file, '', { mode: 0o600 })
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  // Otherwise what a virtual table keeps its rows in takes none from outside.
  db.enableDefensive(false)
  db.exec(text)
  db.close()
}
