import { DatabaseSync } from 'node:sqlite'

/** The schema, and every row of every table that holds rows, as text: equal dumps are equal stores. */
export function dump(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true })
  const all = (text: string) =>
    db
      .prepare(text)
      .all()
      .map(row => JSON.stringify(row))
  try {
    const tables = db.prepare(
      `select name from pragma_table_list
       where schema = 'main' and type <> 'virtual' and name not in ('sqlite_schema', 'hivewax_upkeep') order by name`,
    )
    const schema = all('select type, name, sql from sqlite_schema order by type, name')
    return [...schema, ...tables.all().flatMap(({ name }) => [name, ...all(`select * from "${name}"`)])].join(
      '\n',
    )
  } finally {
    db.close()
  }
}
