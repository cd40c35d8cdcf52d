import fs from 'node:fs'

/** How much of the end of a transcript is looked through, in bytes. */
const tailBytes = 256 * 1024

/** How much of a message is kept, in characters. */
const longest = 4_000

/** What was said last in a session. */
export interface LastWords {
  readonly asked: string | undefined
  readonly answered: string | undefined
}

/**
 * Reads the end of a transcript: a JSON object per line, with `type`, and `message.content` as text or as parts. Claude
 * Code does not promise that form, so whatever is not of it is passed over, and so is a file that cannot be read.
 */
export function lastWords(file: string | undefined): LastWords {
  const lines = file === undefined ? [] : readTail(file).split('\n').reverse()
  const last = (type: string) => {
    for (const line of lines) {
      const text = line.includes(`"${type}"`) ? messageOf(line, type) : undefined
      if (text !== undefined) return text
    }
    return undefined
  }
  return { asked: last('user'), answered: last('assistant') }
}

function readTail(file: string): string {
  try {
    const { size } = fs.statSync(file)
    const fd = fs.openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(Math.min(size, tailBytes))
      return bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length))
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return '' // of no use then; the checkpoint is made without it
  }
}

function messageOf(line: string, type: string): string | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    if (field(entry, 'type') !== type || isOfClient(entry)) return undefined
    const text = textIn(field(field(entry, 'message'), 'content'))
    return text !== undefined && clientText.test(text) ? undefined : text
  } catch {
    return undefined // the first line of a tail is cut
  }
}

/** Whether the client says that it wrote an entry itself: the summary of a compaction, the end of a subagent's work. */
function isOfClient(entry: unknown): boolean {
  const kind = field(field(entry, 'origin'), 'kind')
  return (
    field(entry, 'isMeta') === true ||
    field(entry, 'isCompactSummary') === true ||
    field(entry, 'promptSource') === 'system' ||
    (typeof kind === 'string' && kind !== 'human')
  )
}

/** How texts begin that the client puts in the place of a person's where no field of the entry says so. */
const clientText =
  /^(<(task-notification|command-name|command-message|local-command-\w+|bash-\w+|system-reminder)>|\[Request interrupted)/

function textIn(content: unknown): string | undefined {
  const parts = Array.isArray(content) ? content : [{ type: 'text', text: content }]
  const texts = parts.filter(part => field(part, 'type') === 'text').map(part => field(part, 'text'))
  const text = texts
    .filter(text => typeof text === 'string')
    .join('\n')
    .trim()
  return text === '' ? undefined : text.slice(0, longest).toWellFormed().replaceAll('\0', '')
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}
