import type { TaskFacts } from '../../api/answers.ts'

/** Whether a task is one that somebody looks for by these words, in lower case, or by how its id begins. */
export function isAbout({ description, id }: TaskFacts, words: string): boolean {
  return description.toLowerCase().includes(words) || id.startsWith(words)
}
