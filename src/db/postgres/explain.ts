import type { PoolClient } from 'pg'
import type { Plan } from '../engine.ts'

/** The first release that plans a statement without the values of its parameters. */
const genericPlans = 160_000

/** A node of a plan, https://www.postgresql.org/docs/current/sql-explain.html */
interface PlanNode {
  'Node Type': string
  'Index Name'?: string
  'Relation Name'?: string
  Plans?: PlanNode[]
}

/**
 * The plan of a statement whose values are unknown, given as `?` or `$1`. Undefined for what has none, such as a
 * statement whose table is gone, and on servers before 16, which cannot plan without values.
 */
export async function explain(client: PoolClient, text: string): Promise<Plan | undefined> {
  // Without values it goes to the server as it is, where a second statement would be run.
  if (!/^\s*(select|with|insert|update|delete)\b/i.test(text) || text.includes(';')) return undefined
  if ((await serverVersion(client)) < genericPlans) return undefined
  await client.query('begin read only')
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (generic_plan, format json) ${numbered(text)}`,
    )
    const nodes = (rows[0]?.['QUERY PLAN'] ?? []).flatMap(({ Plan: root }) => flat(root))
    return {
      indexes: nodes.flatMap(node => node['Index Name'] ?? []),
      scans: nodes.flatMap(node => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
    }
  } catch (error) {
    if (isNotUnderstood(error)) return undefined
    throw error
  } finally {
    await client.query('rollback')
  }
}

async function serverVersion(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ number: number }>(
    "select cast(current_setting('server_version_num') as integer) as number",
  )
  return rows[0]?.number ?? 0
}

/** The statement with `$1`, `$2` … for each `?` that is not inside quotes. */
function numbered(text: string): string {
  let count = 0
  return text.replace(/'(?:[^']|'')*'|"[^"]*"|\?/g, token => (token === '?' ? `$${++count}` : token))
}

function flat(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flat)]
}

/** Errors of class 42: syntax, names and types, https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isNotUnderstood(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(42|0A|22)/.test(String(error.code))
}
