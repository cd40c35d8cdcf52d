import fs from 'node:fs'
import path from 'node:path'
import { type ErrorCode, errorTable, InvalidInput } from '../../errors.ts'
import {
  type ImportFromOptions,
  type ImportReport,
  importFrom,
  type SectionReport,
} from '../../importers/import-from.ts'
import { isHalfRenamed, isOldStore, oldStoreName, renameOldStore } from '../../importers/rename-old-store.ts'
import { locate } from '../../location/location.ts'
import { openMemory } from '../../open.ts'
import type { Cli } from '../cli.ts'
import { withProgress } from '../run-operation.ts'

interface ImportInput extends ImportFromOptions {
  paths?: string[]
}

/** Brings what other programs remembered; when the old product's file is in the way of the memory, moves it aside. */
export async function run(cli: Cli, { paths, ...options }: ImportInput): Promise<number> {
  const { url } = locate(cli.flags.url)
  const target = path.resolve(url)
  const isFile = !/^([a-z]+:\/\/|:memory:)/i.test(url)
  const isInTheWay = isFile && (isOldStore(target) || isHalfRenamed(target))
  const from = paths ?? [projectOf(target)]
  const aside = isInTheWay ? await clearTheWay(cli, target, options.dryRun ?? false) : undefined
  const sources = aside === undefined ? from : [aside, ...from.filter(file => path.resolve(file) !== target)]
  const isNew = isInTheWay || (isFile && !fs.existsSync(target))
  const report = await withProgress(cli, long => {
    // Trying it out must not create a memory that is not there yet.
    const whole = { ...options, ...long }
    return options.dryRun && isNew ? tryOut(sources, whole) : importFrom(cli.memory, sources, whole)
  })
  print(cli, report)
  return exitOf(report)
}

/** The project that a memory is for, where the old product's files are looked for. */
function projectOf(target: string): string {
  const folder = path.dirname(target)
  return path.basename(folder) === '.swarm' ? path.dirname(folder) : process.cwd()
}

async function clearTheWay(cli: Cli, target: string, dryRun: boolean): Promise<string> {
  const aside = path.basename(oldStoreName(target))
  if (dryRun) {
    cli.print.note(
      `${target} holds the old memory; it would be kept as ${aside}, and a new one take its place`,
    )
    return target
  }
  await agree(cli, `${target} holds the old memory. Keep it as ${aside}, and make a new one? [y/N] `)
  const kept = renameOldStore(target)
  cli.print.note(`the old memory is kept as ${kept}`)
  return kept
}

async function agree(cli: Cli, question: string): Promise<void> {
  if (cli.flags.yes) return
  const answer = cli.flags.input === false || cli.flags.json ? undefined : await cli.ask(question)
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return
  if (answer !== undefined) throw new InvalidInput('nothing was done')
  throw new InvalidInput('the old memory is where the new one belongs, and there is nobody to ask', {
    hint: 'Add --yes: the file is kept beside under another name. Or give the new memory another place with --url.',
  })
}

async function tryOut(from: readonly string[], options: ImportFromOptions): Promise<ImportReport> {
  await using none = await openMemory(':memory:', { background: false })
  return await importFrom(none, from, options)
}

function print(cli: Cli, report: ImportReport): void {
  if (cli.print.json) cli.print.document(report)
  else printTable(cli, report)
}

function printTable({ print }: Cli, report: ImportReport): void {
  print.list(report.sections.map(line))
  for (const { file, section, name, reason } of report.refusals) {
    print.note(`refused: ${JSON.stringify(name)} of ${section} in ${file}: ${reason}`)
  }
  for (const { reason } of report.skipped) print.note(`skipped: ${reason}`)
  const inMetadata = sum(report.sections, ({ inMetadata }) => inMetadata)
  if (inMetadata > 0) {
    print.note(`${inMetadata} fields without a place of their own are kept in the metadata of their records`)
  }
  const added = sum(report.sections, ({ added, updated }) => added + updated)
  print.note(
    report.dryRun ? `nothing was written; ${added} records would be` : `${added} records were written`,
  )
}

/** A section as a line of the table. Reasons stand beside the count of what they leave out. */
function line({ file, section, kind, format, left, inMetadata, ...counts }: SectionReport): object {
  const reasons = Object.entries(left).map(([reason, count]) => `${count} ${reason}`)
  const place = { file: path.relative('', file) || file, from: section, to: kind ?? '–' }
  return { ...place, ...counts, left: reasons.join(', ') }
}

function sum(sections: readonly SectionReport[], count: (section: SectionReport) => number): number {
  return sections.reduce((total, section) => total + count(section), 0)
}

/** That of the first file of a folder that is damaged or locked; of none: success. */
function exitOf({ skipped }: ImportReport): number {
  const failed = skipped.find(({ code }) => code === 'corrupt' || code === 'busy' || code === 'storage')
  return failed === undefined ? 0 : errorTable[failed.code as ErrorCode].exit
}
