import { Corrupt, InvalidInput } from '../../../errors.ts'
import type { Salvaged } from '../../engine.ts'
import { type DamagedSchema, readSchema, schemaOf } from '../../salvage/damaged-schema.ts'
import { findTables } from '../../salvage/find-tables.ts'
import { PageImage } from '../../salvage/page-image.ts'
import { PageMap } from '../../salvage/page-map.ts'
import type { SalvagedTable } from '../../salvage/salvaged-table.ts'
import { readTreePage } from '../../salvage/tree.ts'
import { pageOf } from '../../salvage/walk.ts'
import type { Connection } from '../../sqlite/connection.ts'
import { applicationId, createSchema } from '../../sqlite/schema.ts'
import { assertSound, connected, type JobContext } from './job.ts'
import { highestIssued } from './numbers.ts'

/**
 * How far beyond the largest number found the next one starts, since larger ones may be among what is lost.
 */
const margin = 1_000_000

interface SalvageInput {
  /** An empty file. */
  target: string
  /** The file of which this one is a private copy. */
  name: string
}

/**
 * Copies what can be read of a damaged file into a new store. It reads pages by itself: SQLite gives up at the header,
 * and at a page in the middle of a tree loses all that is below.
 */
export async function salvage({ target, name }: SalvageInput, context: JobContext): Promise<Salvaged> {
  const image = new PageImage(context.file)
  try {
    return await connected(target, { readOnly: false }, async fresh => {
      await createSchema(fresh, 0)
      fresh.exec('pragma foreign_keys=off; pragma synchronous=off')
      const tables = salvageTables(image, fresh, { ...context, file: name })
      raiseCounters(fresh)
      assertSound(fresh, target)
      fresh.exec('pragma journal_mode=delete')
      return { tables }
    })
  } finally {
    image.close()
  }
}

function salvageTables(image: PageImage, fresh: Connection, context: JobContext): Salvaged['tables'] {
  const map = new PageMap(image)
  const visited = new Set<number>()
  const schema = readSchema(image, map, visited)
  if (image.header?.applicationId !== applicationId) assertOurs(context.file, schema, schemaOf(fresh))
  const tables = findTables(image, fresh, schema)
  fresh.exec('begin')
  for (const [i, table] of tables.entries()) {
    context.report(table.name, (0.7 * i) / tables.length)
    table.takeReachable(visited)
  }
  context.report('loose pages', 0.7)
  takeLoose(image, { map, tables, visited })
  fresh.exec('commit')
  if (visited.size === 0) throw nothingIn(context.file)
  context.report('count', 0.9)
  return Object.fromEntries(tables.map(table => [table.name, table.count()]))
}

interface Loose {
  map: PageMap
  tables: readonly SalvagedTable[]
  visited: ReadonlySet<number>
}

/** Takes the pages to which nothing leads any more, and those of the log behind its damage. */
function takeLoose(image: PageImage, { map, tables, visited }: Loose): void {
  const take = (number: number, page: ReturnType<typeof pageOf>) => {
    const owner = map.ownerOf(number)
    if (page === undefined || owner === 'free') return
    const table = tables.find(({ root, shape }) => root === owner && shape.kind === page.kind)
    if (table?.accepts(page)) return table.takeMissing(page)
    if (page.kind !== 'table' || !page.isLeaf) return
    const [only, ...others] = tables.filter(each => each.isOfShape(page))
    if (others.length === 0) only?.takeMissing(page)
  }
  for (let number = 2; number <= image.count; number++)
    if (!visited.has(number)) take(number, pageOf(image, number))
  for (const { number, bytes } of image.behindDamage) take(number, readTreePage(image, bytes))
}

/** A store whose schema is gone is taken for ours; of another program's database most of it is there. */
function assertOurs(file: string, { rows }: DamagedSchema, usual: ReadonlyMap<string, unknown>): void {
  if (rows.size === 0 || [...rows.keys()].some(name => usual.has(name))) return
  const hint = 'Nothing was changed. `sqlite3 FILE .recover` saves what it holds.'
  throw new InvalidInput(`${file} is the database of another program`, { hint }, 'foreign_store')
}

function nothingIn(file: string): Corrupt {
  return new Corrupt(`${file} holds nothing that can be recovered`, {
    hint: 'Move what is left of it elsewhere; then restore the latest backup with `hivewax restore BACKUP`.',
  })
}

function raiseCounters(fresh: Connection): void {
  fresh.exec(`
    update hivewax_counters set value = ${highestIssued(fresh, 'main') + margin} where name = 'floor';
    update hivewax_counters
    set value = ${margin} + (select value from hivewax_counters where name = 'shared_revision')
    where name in ('shared_revision', 'shared_floor');
    update hivewax_counters set value = 0 where name = 'find_events';
    update sqlite_sequence set seq = seq + ${margin}`)
}
