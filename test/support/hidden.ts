/** What reorders, what is not seen, and what moves a cursor: in all names and values of whoever means harm. */
export const hiding = 'a\u202eb\u2066\u200b\u{e0041}\u009b2Jz'

const harmful = ['\u202e', '\u2066', '\u200b', '\u{e0041}', '\u009b', '\u001b']

/** The lines in which something is hidden; what it is is told here once more, and not by the filter that is under test. */
export function linesThatHide(text: string): string[] {
  return text.split('\n').filter(line => harmful.some(character => line.includes(character)))
}
