import fs from 'node:fs/promises'
import type { ClaimedTask, Memory } from '../../../src/index.ts'
import { printable } from '../display.ts'
import { isSystemError } from '../errors.ts'
import { allRecords } from '../files.ts'
import { isServer } from '../main/options.ts'
import { finish } from '../progress.ts'
import { graphNamespace, type ReportLine, type ReportName, remembered, reportsNamespace } from '../swarm.ts'
import type { GraphNode } from './graph.ts'

const longestReport = 20

/** Sums up one aspect of what was found, stores it, and writes its section of the report file. */
export async function report(memory: Memory, task: ClaimedTask, name: ReportName): Promise<void> {
  const lines = await makers[name](memory)
  await writeSection(await reportFile(memory), name, lines)
  await memory.transaction(async tx => {
    await tx.store(name, lines, { namespace: reportsNamespace })
    await finish(tx, task, { lines: lines.length })
  })
}

const makers: Record<ReportName, (memory: Memory) => Promise<ReportLine[]>> = {
  languages: reportLanguages,
  imports: reportImports,
  files: reportFiles,
}

async function reportLanguages(memory: Memory): Promise<ReportLine[]> {
  const byLanguage = new Map<string, { files: number; lines: number; bytes: number; markers: number }>()
  for (const { language, lines, bytes, markers } of (await allRecords(memory)).values()) {
    const sum = byLanguage.get(language) ?? { files: 0, lines: 0, bytes: 0, markers: 0 }
    byLanguage.set(language, {
      files: sum.files + 1,
      lines: sum.lines + lines,
      bytes: sum.bytes + bytes,
      markers: sum.markers + markers,
    })
  }
  return top(
    [...byLanguage].map(([name, figures]) => ({ name, figures })),
    'lines',
  )
}

async function reportImports(memory: Memory): Promise<ReportLine[]> {
  const { items } = await memory.kv.search('*', { namespace: graphNamespace, limit: 10_000 })
  const lines = items.map(({ key, value }) => {
    const { imports, importedBy } = remembered<GraphNode>(value)
    return { name: key, figures: { importedBy: importedBy.length, imports: imports.length } }
  })
  return top(
    lines.filter(line => line.figures.importedBy > 0),
    'importedBy',
  )
}

async function reportFiles(memory: Memory): Promise<ReportLine[]> {
  const lines = [...(await allRecords(memory))].map(([name, { lines, bytes }]) => ({
    name,
    figures: { lines, bytes },
  }))
  return top(lines, 'lines')
}

function top(lines: ReportLine[], by: string): ReportLine[] {
  return lines.sort((a, b) => (b.figures[by] ?? 0) - (a.figures[by] ?? 0)).slice(0, longestReport)
}

/** The report for people, beside the store, or where the store would be were it no server's. */
async function reportFile(memory: Memory): Promise<string> {
  if (isServer(memory.url)) {
    await fs.mkdir('.swarm', { recursive: true })
    await fs.writeFile('.swarm/.gitignore', '*\n')
    return '.swarm/memory.report.md'
  }
  return `${memory.url.replace(/\.db$/, '')}.report.md`
}

/**
 * Replaces one section of the report file. Transactions protect the store, but no plain file: two workers that
 * read, change and write it at the same time would lose one section. Hence the limit of the reports' queue.
 */
async function writeSection(file: string, name: ReportName, lines: readonly ReportLine[]): Promise<void> {
  const others = (await readSections(file)).filter(section => !section.startsWith(`${name}\n`))
  const sections = [...others, `${name}\n\n${toTable(lines)}\n`].sort()
  await fs.writeFile(file, `# What the swarm found\n\n${sections.map(section => `## ${section}`).join('')}`)
}

async function readSections(file: string): Promise<string[]> {
  const text = await fs.readFile(file, 'utf8').catch(emptyIfMissing)
  return text.split(/^## /m).slice(1)
}

function emptyIfMissing(error: unknown): string {
  if (isSystemError(error) && error.code === 'ENOENT') return ''
  throw error
}

function toTable(lines: readonly ReportLine[]): string {
  const names = Object.keys(lines[0]?.figures ?? {})
  if (names.length === 0) return 'Nothing.\n'
  const rows = lines.map(({ name, figures }) => [literal(name), ...names.map(key => figures[key])])
  return [['', ...names], ['---', ...names.map(() => '---:')], ...rows]
    .map(row => `| ${row.join(' | ')} |\n`)
    .join('')
}

/** A file's name as Markdown shows it. */
function literal(name: string): string {
  return printable(name).replace(/[\\|*_`<[]/g, '\\$&')
}
