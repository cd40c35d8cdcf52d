import type { Memory, Task } from '../../../src/index.ts'
import { bar, cell, clip, columns, count, duration, number, style } from '../display.ts'
import { allRecords, totals } from '../files.ts'
import {
  type LinkResult,
  linkTaskId,
  type MeasureResult,
  type ReportLine,
  type ReportName,
  remembered,
  reportsNamespace,
} from '../swarm.ts'
import type { Past } from './past.ts'

/** How much there is, and what of it was new in the last run. */
export async function recallRun(memory: Memory, past: Past): Promise<string[]> {
  const { files, lines } = totals(await allRecords(memory))
  const planned = past.events.findLast(event => event.type === 'swarm.planned')
  const nothing = { removed: [], unreadable: [] }
  const { removed, unreadable: folders } = remembered<Planned>(planned?.data ?? nothing)
  const { measured, changed, recalled, unreadable } = sumUp(past.tasks)
  const added = measured - changed.length
  return [
    `${count(files, 'file')} with ${count(lines, 'line')}, after run ${past.run}, which took ${duration(past.tookMs)}`,
    ...(recalled > 0 ? [`${count(recalled, 'file')} unchanged: recalled, not measured again`] : []),
    ...(added > 0 ? [`${count(added, 'new file')} measured`] : []),
    ...list('changed and measured again', changed),
    ...list('gone and forgotten', removed),
    ...list('not readable', unreadable),
    ...list('not readable', folders, 'folder'),
  ]
}

/** What the planner said, for what is shown here. */
interface Planned {
  removed: string[]
  unreadable: string[]
}

function sumUp(tasks: readonly Task[]) {
  const sum = { measured: 0, recalled: 0, changed: [] as string[], unreadable: [] as string[] }
  for (const task of tasks) {
    // Link and report tasks have results of another kind, without files.
    const result = remembered<Partial<MeasureResult>>(task.result ?? {})
    sum.measured += result.measured ?? 0
    sum.recalled += result.recalled ?? 0
    sum.changed.push(...(result.changed ?? []))
    sum.unreadable.push(...(result.unreadable ?? []))
  }
  return sum
}

function list(what: string, files: readonly string[], kind = 'file'): string[] {
  if (files.length === 0) return []
  return [clip(`${count(files.length, kind)} ${what}: ${files.join(', ')}`, columns() - 2)]
}

/** Lines by language, as bars. */
export async function recallLanguages(memory: Memory): Promise<string[]> {
  const lines = (await readReport(memory, 'languages')).slice(0, 8)
  const most = Math.max(...lines.map(line => line.figures.lines ?? 0))
  const width = columns() - 41
  return lines.map(({ name, figures: { lines = 0, files = 0 } }) => {
    const figures = `${count(lines, 'line').padStart(15)} ${count(files, 'file').padStart(11)}`
    return `${cell(name, 10)} ${style.bar(bar(lines, most, width))} ${figures}`
  })
}

/** The files that most others import, and beside them the longest ones. */
export async function recallLeaders(memory: Memory, past: Past): Promise<string[]> {
  const width = Math.floor((columns() - 4) / 2)
  const imported = await ranking(memory, 'imports', 'importedBy', width)
  const longest = await ranking(memory, 'files', 'lines', width)
  const titled = (title: string, lines: string[]) => (lines.length > 0 ? [cell(title, width), ...lines] : [])
  const left = titled('imported by most', imported)
  const right = titled('longest', longest)
  const rows = right.map((line, i) =>
    (left.length > 0 ? `${left[i] ?? ' '.repeat(width)}  ${line}` : line).trimEnd(),
  )
  return [style.dim(rows[0] ?? ''), ...rows.slice(1), ...recallPackages(past)]
}

async function ranking(memory: Memory, report: ReportName, by: string, width: number): Promise<string[]> {
  const lines = await readReport(memory, report)
  return lines.slice(0, 5).map(({ name, figures }) => {
    const figure = number(figures[by] ?? 0)
    return `${figure.padStart(6)}  ${cell(name, width - 8)}`
  })
}

function recallPackages({ run, tasks }: Past): string[] {
  const link = tasks.find(task => task.id === linkTaskId(run))
  const { packages } = remembered<LinkResult>(link?.result ?? { packages: [] })
  if (packages.length === 0) return []
  const names = packages.slice(0, 10).map(([name, times]) => `${name} ${times}`)
  return [style.dim(clip(`from elsewhere: ${names.join(', ')}`, columns() - 2))]
}

async function readReport(memory: Memory, name: ReportName): Promise<ReportLine[]> {
  return (
    remembered<ReportLine[] | undefined>(await memory.retrieve(name, { namespace: reportsNamespace })) ?? []
  )
}
