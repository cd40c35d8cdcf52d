import type { TaskStatus } from '../api/answers.ts'
import { hrefOf } from '../url.ts'
import { Icon, type IconName } from './icon.tsx'
import { Text } from './text.tsx'

/** How something stands: each state has a word, a sign and a colour of its own. */
export type State = 'waiting' | 'running' | 'done' | 'failed' | 'lapsed' | 'cancelled'

const states: Readonly<Record<TaskStatus, [state: State, word: string]>> = {
  pending: ['waiting', 'pending'],
  running: ['running', 'running'],
  lapsed: ['lapsed', 'lapsed'],
  completed: ['done', 'completed'],
  failed: ['failed', 'failed'],
  dead: ['failed', 'dead'],
  cancelled: ['cancelled', 'cancelled'],
}

export function StateMark({ state, word }: { state: State; word: string }) {
  return (
    <span className={`state ${state}`}>
      <Icon name={state satisfies IconName} />
      {word}
    </span>
  )
}

export function TaskMark({ status }: { status: TaskStatus }) {
  const [state, word] = states[status] ?? ['waiting', status]
  return <StateMark state={state} word={word} />
}

/** An agent by its name, with a mark whose hue is always the same for it. */
export function AgentMark({ id }: { id: string }) {
  return (
    <a className="agent" href={hrefOf('agents', { id })}>
      <svg className="hue" viewBox="0 0 3 14" aria-hidden="true">
        <rect width="3" height="14" rx="1.5" fill={`hsl(${hueOf(id)} 55% 50%)`} />
      </svg>
      <Text of={id} />
    </a>
  )
}

function hueOf(name: string): number {
  let hash = 7
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3_600
  return hash / 10
}
