/** How many unchanged lines a diff shows around a change. */
const context = 3

interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

/** A unified diff of two texts; undefined stands for no file, and lines end in `\n` or `\r\n`. */
export function unifiedDiff(file: string, before: string | undefined, after: string | undefined): string {
  const lines = compare(linesOf(before ?? ''), linesOf(after ?? ''))
  const head = [
    `--- ${before === undefined ? '/dev/null' : file}`,
    `+++ ${after === undefined ? '/dev/null' : file}`,
  ]
  return [...head, ...hunks(lines)].join('\n')
}

/** The lines of a text, each with its end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++
  const same = (texts: readonly string[]): Line[] => texts.map(text => ({ mark: ' ', text }))
  return [
    ...same(before.slice(0, start)),
    ...changes(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ]
}

/** By the longest common subsequence of the lines. */
function changes(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1
  const common = new Uint32Array((before.length + 1) * width)
  const commonAt = (i: number, j: number) => common[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j] ? commonAt(i + 1, j + 1) + 1 : Math.max(commonAt(i + 1, j), commonAt(i, j + 1))
    }
  }
  const lines: Line[] = []
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    const [old, put] = [before[i], after[j]]
    if (old !== undefined && old === put) {
      lines.push({ mark: ' ', text: old })
      i++
      j++
    } else if (old !== undefined && (put === undefined || commonAt(i + 1, j) >= commonAt(i, j + 1))) {
      lines.push({ mark: '-', text: old })
      i++
    } else {
      lines.push({ mark: '+', text: put ?? '' })
      j++
    }
  }
  return lines
}

function hunks(lines: readonly Line[]): string[] {
  const isShown = lines.map((_, i) =>
    lines.slice(Math.max(0, i - context), i + context + 1).some(({ mark }) => mark !== ' '),
  )
  const shown: string[] = []
  let [oldLine, newLine] = [1, 1]
  for (const [i, { mark, text }] of lines.entries()) {
    if (isShown[i] && !isShown[i - 1]) shown.push(header(lines.slice(i, end(isShown, i)), oldLine, newLine))
    if (isShown[i]) shown.push(...spell(mark, text))
    if (mark !== '+') oldLine++
    if (mark !== '-') newLine++
  }
  return shown
}

function end(isShown: readonly boolean[], start: number): number {
  const found = isShown.indexOf(false, start)
  return found === -1 ? isShown.length : found
}

function header(lines: readonly Line[], oldLine: number, newLine: number): string {
  const range = (start: number, count: number) => `${count === 0 ? start - 1 : start},${count}`
  const count = (other: Line['mark']) => lines.filter(({ mark }) => mark !== other).length
  return `@@ -${range(oldLine, count('+'))} +${range(newLine, count('-'))} @@`
}

function spell(mark: string, text: string): string[] {
  const line = `${mark}${text.replace(/\r?\n$/, '')}`
  return text.endsWith('\n') ? [line] : [line, '\\ No newline at end of file']
}
