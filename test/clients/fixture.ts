import fs from 'node:fs'
import path from 'node:path'

/** What one client said and showed in the story, without what differs from run to run. */
export interface Fixture {
  readonly client: string
  readonly version: string
  readonly sessions: readonly RecordedSession[]
}

/** One session of the client, with a connection of its own. */
export interface RecordedSession {
  /** What it gives its servers in their environment. */
  readonly env: Readonly<Record<string, string>>
  /** What came before the first call of a tool: requests have an id. */
  readonly opening: readonly Message[]
  readonly calls: readonly RecordedCall[]
  readonly hooks: readonly RecordedHook[]
}

export interface RecordedCall {
  readonly step: string
  /** Of `tools/call`, as the client sent them. */
  readonly params: Params
  /** The answer as the model saw it. */
  readonly shown: string
  /** The same with {@link answerMark} in the place of the server's own text. */
  readonly form: string
  /** How often that text is a string of JSON within a string of JSON there. */
  readonly depth: number
}

export interface RecordedHook {
  readonly args: readonly string[]
  readonly input: string
  readonly said: string
}

export type Params = { readonly [name: string]: unknown }

export interface Message {
  readonly id?: number | string
  readonly method: string
  readonly params?: Params
}

const answerMark = '{answer}'

const folder = path.join(import.meta.dirname, 'fixtures')

export function fixtureNames(): string[] {
  return fs.readdirSync(folder).map(name => path.basename(name, '.json'))
}

export function readFixture(client: string): Fixture {
  return JSON.parse(fs.readFileSync(path.join(folder, `${client}.json`), 'utf8'))
}

export function writeFixture(fixture: Fixture): void {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, `${fixture.client}.json`), `${JSON.stringify(fixture, null, 2)}\n`)
}

/** Where the server's text stands in what the model saw, in whatever depth of JSON. */
export function formOf(shown: string, text: string): { form: string; depth: number } {
  for (let depth = 0; depth <= 3; depth++) {
    const spelled = inJson(text, depth)
    if (shown.includes(spelled)) return { form: shown.replaceAll(spelled, () => answerMark), depth }
  }
  return { form: shown, depth: 0 }
}

/** What the model sees of a text in that place. */
export function inForm({ form, depth }: Pick<RecordedCall, 'form' | 'depth'>, text: string): string {
  return form.replaceAll(answerMark, () => inJson(text, depth))
}

function inJson(text: string, depth: number): string {
  return depth === 0 ? text : inJson(JSON.stringify(text).slice(1, -1), depth - 1)
}

/** Where a session runs, as its texts name it. */
export interface Surroundings {
  readonly project: string
  readonly home: string
}

/** A text without times, ids of sessions and paths. */
export function scrubbed(text: string, { project, home }: Surroundings): string {
  return (
    text
      .replaceAll(project, '<project>')
      .replaceAll(home, '<home>')
      // Claude Code names its folders so.
      .replaceAll(project.replaceAll(/[^\w]/g, '-'), '<project>')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d[:-]\d\d([:-][\d.]+)?Z?/g, '<time>')
      .replaceAll(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, '<uuid>')
      .replaceAll(/-[\da-f]{8}(?=\\*")/g, '-<session>')
      .replaceAll(/\d+\.\d+ seconds/g, '<n> seconds')
      .replaceAll(/\b1\d{12}\b/g, '0')
  )
}

/** A recorded text with something in the place of what was taken out. */
export function filled<T>(value: T, { project, home }: Surroundings, session: string): T {
  const text = JSON.stringify(value)
    .replaceAll('<project>', project)
    .replaceAll('<home>', home)
    .replaceAll('<time>', '2026-01-01T00:00:00.000Z')
    .replaceAll('<uuid>', session)
  return JSON.parse(text)
}
