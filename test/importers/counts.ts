import type { ImportReport, SectionReport } from '../../src/importers/import-from.ts'

/** What a report says of each section, over all files: `memory 5: 3 added, 1 deleted, 1 expired`. */
export function counts(report: ImportReport): Record<string, string> {
  const names = [...new Set(report.sections.map(({ section }) => section))]
  return Object.fromEntries(
    names.map(name => [name, told(report.sections.filter(({ section }) => section === name))]),
  )
}

function told(sections: readonly SectionReport[]): string {
  const all: Record<string, number> = {}
  for (const { added, updated, unchanged, kept, refused, left } of sections) {
    for (const [what, count] of Object.entries({ added, updated, unchanged, kept, refused, ...left })) {
      all[what] = (all[what] ?? 0) + (count ?? 0)
    }
  }
  const found = sections.reduce((sum, section) => sum + section.found, 0)
  const parts = Object.entries(all).filter(([, count]) => count > 0)
  const total = parts.reduce((sum, [, count]) => sum + count, 0)
  if (total !== found) throw new Error(`${found} were found, but ${total} are accounted for`)
  const list = parts.map(([what, count]) => `${count} ${what}`).join(', ')
  return `${sections[0]?.kind ?? '–'} ${found}: ${list}`
}
