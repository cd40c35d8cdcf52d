import type { Draft, Section } from './section.ts'
import { cut, lineLength } from './words.ts'

/** A shorter piece of a line is of no use. */
const leastLine = 60

/** What a section takes besides its lines: how to see the rest of it. */
const overhead = 80

/** What a line takes besides its text: `- ` and its end. */
const aroundLine = 3

/** Gives each section its share of the room that the ones before have left, in characters. */
export function fitSections(drafts: readonly Draft[], room: number): Section[] {
  const sections: Section[] = []
  let left = room
  let shares = drafts.reduce((sum, { share }) => sum + share, 0)
  for (const draft of drafts) {
    const section = fitSection(draft, (left * draft.share) / shares)
    shares -= draft.share
    if (section === undefined) continue
    sections.push(section)
    left -= sizeOf(section)
  }
  return sections
}

/** As many lines as fit, the first one cut where it does not fit whole; undefined where not even that is of use. */
function fitSection(
  { share: _, longest = lineLength, lines, ...draft }: Draft,
  room: number,
): Section | undefined {
  const shown: string[] = []
  let left = room - draft.title.length - overhead
  for (const line of lines) {
    const whole = cut(line, longest)
    const isFirst = shown.length === 0
    if (whole.length + aroundLine > left && (!isFirst || left < leastLine)) break
    const text = cut(whole, Math.floor(left - aroundLine))
    shown.push(text)
    left -= text.length + aroundLine
  }
  return shown.length === 0 ? undefined : { ...draft, lines: shown, left: lines.length - shown.length }
}

function sizeOf({ title, lines }: Section): number {
  return title.length + overhead + lines.reduce((sum, line) => sum + line.length + aroundLine, 0)
}
