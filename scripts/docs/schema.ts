import { openMemory } from '../../src/open.ts'
import { paragraphs, table } from './markdown.ts'
import { tableTexts } from './table-texts.ts'

/** The documented tables with their columns, from a store made for the purpose. */
export async function schema(): Promise<string> {
  await using memory = await openMemory(':memory:', { background: false })
  const sections: string[] = []
  for (const [name, text] of Object.entries(tableTexts)) {
    const columns = await memory.query(`pragma table_info(${name})`)
    if (columns.length === 0) throw new Error(`there is no table ${name}`)
    const rows = columns.map(column => [
      `\`${column.name}\``,
      `${column.type}${column.pk === 1 ? ', primary key' : ''}${column.notnull === 1 ? ', not null' : ''}`,
      column.dflt_value === null ? '' : `\`${column.dflt_value}\``,
    ])
    sections.push(paragraphs(`### ${name}`, text, table(['column', 'type', 'default'], rows)))
  }
  return sections.join('\n\n')
}
