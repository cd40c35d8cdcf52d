import fs from 'node:fs'
import path from 'node:path'
import type { Collection, Question } from './collection.ts'

interface Turn {
  readonly speaker: string
  readonly dia_id: string
  readonly text: string
  readonly blip_caption?: string
}

interface Sample {
  readonly sample_id: string
  readonly conversation: Readonly<Record<string, string | readonly Turn[] | undefined>>
  readonly qa: readonly { readonly question: string; readonly evidence?: readonly string[] }[]
}

interface Session {
  readonly number: string
  readonly date: string
  readonly turns: readonly Turn[]
}

/** Ten long conversations, https://github.com/snap-research/locomo: found are the turns, or the sessions, that hold the evidence. */
export function locomo(folder: string): Collection[] {
  const samples: Sample[] = JSON.parse(fs.readFileSync(path.join(folder, 'locomo10.json'), 'utf8'))
  return samples.flatMap(sample => [turnsOf(sample), sessionsOf(sample)])
}

function turnsOf(sample: Sample): Collection {
  const records = sessions(sample).flatMap(({ date, turns }) =>
    turns.map(turn => ({ key: turn.dia_id, value: { date, speaker: turn.speaker, text: textOf(turn) } })),
  )
  const keys = new Set(records.map(({ key }) => key))
  return {
    set: 'locomo-turns',
    name: sample.sample_id,
    records,
    questions: questions(sample, keys, id => id),
  }
}

function sessionsOf(sample: Sample): Collection {
  const records = sessions(sample).map(({ number, date, turns }) => ({
    key: `D${number}`,
    value: { date, turns: turns.map(turn => `${turn.speaker}: ${textOf(turn)}`) },
  }))
  const keys = new Set(records.map(({ key }) => key))
  return {
    set: 'locomo-sessions',
    name: sample.sample_id,
    records,
    questions: questions(sample, keys, id => id.replace(/:.*/, '')),
  }
}

function sessions({ conversation }: Sample): Session[] {
  return Object.entries(conversation).flatMap(([name, turns]) => {
    const number = /^session_(\d+)$/.exec(name)?.[1]
    const date = conversation[`${name}_date_time`]
    if (number === undefined || !Array.isArray(turns)) return []
    return [{ number, date: typeof date === 'string' ? date : '', turns }]
  })
}

function textOf({ text, blip_caption: caption }: Turn): string {
  return caption === undefined ? text : `${text} [${caption}]`
}

/** Those whose evidence is there: some name no turn, several in one text, or one with a typing error. */
function questions(sample: Sample, keys: ReadonlySet<string>, keyOf: (id: string) => string): Question[] {
  return sample.qa.flatMap(({ question, evidence = [] }) => {
    const named = evidence.flatMap(text => text.match(/D\d+:\d+/g) ?? []).map(keyOf)
    const relevant = new Map(named.filter(key => keys.has(key)).map(key => [key, 1]))
    return relevant.size > 0 ? [{ text: question, relevant }] : []
  })
}
