/** Records, and questions of which it is known which records answer them. */
export interface Collection {
  /** Of which set of data it is: the figures of a set are told together. */
  readonly set: string
  /** Tells the collections of a set apart. */
  readonly name: string
  readonly records: readonly SampleRecord[]
  readonly questions: readonly Question[]
}

export interface SampleRecord {
  readonly key: string
  readonly value: unknown
}

export interface Question {
  readonly text: string
  /** How relevant the records are that answer it, by key: 1 or more. */
  readonly relevant: ReadonlyMap<string, number>
}

/** Those that one record answers: a text that stands above several asks for none of them. */
export function unambiguous(questions: readonly Question[]): Question[] {
  const byText = Map.groupBy(questions, ({ text }) => text)
  return questions.filter(({ text }) => byText.get(text)?.length === 1)
}
