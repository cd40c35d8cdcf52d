import type { ClaimedTask, Memory } from '../../../src/index.ts'
import { allRecords } from '../files.ts'
import { finish } from '../progress.ts'
import { graphNamespace, type LinkResult } from '../swarm.ts'
import { buildGraph } from './graph.ts'

/** Builds the import graph from what the measuring tasks stored. The new graph replaces the old one at once. */
export async function linkFiles(memory: Memory, task: ClaimedTask): Promise<void> {
  const records = await allRecords(memory)
  const graph = buildGraph(new Map([...records].map(([path, record]) => [path, record.imports])))
  const result: LinkResult = {
    files: graph.files.size,
    links: graph.links,
    packages: graph.packages.slice(0, 50),
  }
  await memory.transaction(async tx => {
    await tx.clearNamespace(graphNamespace)
    const nodes = [...graph.files].map(([key, value]) => ({ key, value, namespace: graphNamespace }))
    await tx.kv.storeMany(nodes)
    await finish(tx, task, result)
  })
}
