import type { Briefing } from '../briefing/briefing.ts'
import type { Reference } from '../briefing/section.ts'
import { dataMarks, escaped, notice } from '../util/model-text.ts'

/** How a door says that an operation is to be called. */
export type Saying = (reference: Reference) => string

/**
 * A briefing for a model: quoted text between marks that it cannot contain. Undefined when there is nothing to tell.
 * @param source where the memory is, for a reader who may know
 */
export function briefingText({ sections }: Briefing, say: Saying, source?: string): string | undefined {
  if (sections.length === 0) return undefined
  const told = sections.flatMap(({ title, lines, left, more }) => [
    `${title} [${say(more)}]:`,
    ...lines.map(line => `- ${line}`),
    ...(left > 0 ? [`… ${left} more`] : []),
  ])
  const { start: mark } = dataMarks
  const start = source === undefined ? mark : `${mark.slice(0, -1)} source=${escaped(source)}>`
  return [notice, start, ...told, dataMarks.end].join('\n')
}
