import type { TaskFacts, TaskStatus } from '../../api/answers.ts'
import { useAnswer } from '../../api/query.ts'
import { AgentMark, TaskMark } from '../../parts/marks.tsx'
import { count } from '../../parts/numbers.ts'
import { Answer } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { change, useAddress } from '../../url.ts'
import { isAbout } from './is-about.ts'

const lanes: readonly TaskStatus[] = ['pending', 'running', 'lapsed', 'failed', 'dead', 'completed']

/** How many cards a lane shows; the table has them all. */
const shown = 50

interface BoardProps {
  /** The input of `tasks.list` beside the status. */
  readonly filter: Readonly<Record<string, string>>
  readonly words: string
}

/** The tasks in lanes, the latest first. */
export function Board({ filter, words }: BoardProps) {
  const { status, ...others } = filter
  return (
    <div className="board">
      {lanes
        .filter(lane => status === undefined || status === lane)
        .map(lane => (
          <Lane key={lane} status={lane} filter={others} words={words.toLowerCase()} />
        ))}
    </div>
  )
}

function Lane({ status, filter, words }: BoardProps & { status: TaskStatus }) {
  const tasks = useAnswer('tasks.list', { ...filter, status, order: 'desc', limit: shown }, { keeps: true })
  const counts = useAnswer('tasks.counts').data
  const isAll = Object.keys(filter).length === 0
  return (
    <section className="lane" aria-label={status}>
      <h2>
        <TaskMark status={status} />
        {isAll && counts !== undefined && <span className="faint">{count(counts[status])}</span>}
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached */}
      <div className="cards" tabIndex={0} role="group" aria-label={`${status} tasks`}>
        <Answer result={tasks}>
          {({ items, cursor }) => (
            <>
              {items
                .filter(task => words === '' || isAbout(task, words))
                .map(task => (
                  <Card key={task.id} task={task} />
                ))}
              {cursor !== undefined && (
                <button
                  type="button"
                  className="plain"
                  onClick={() => change({ view: undefined, q: `status:${status}` })}
                >
                  All of them in the table
                </button>
              )}
            </>
          )}
        </Answer>
      </div>
    </section>
  )
}

function Card({ task: { id, description, priority, assignedTo, updatedAt, attempts } }: { task: TaskFacts }) {
  const { params } = useAddress()
  return (
    <article className={params.id === id ? 'card selected' : 'card'}>
      <button type="button" className="card-title" onClick={() => change({ id, tab: undefined })}>
        <Text of={description} />
      </button>
      <footer>
        {assignedTo !== undefined && <AgentMark id={assignedTo} />}
        {priority !== 'medium' && <span>{priority}</span>}
        {attempts > 1 && <span>try {attempts}</span>}
        <Time at={updatedAt} />
      </footer>
    </article>
  )
}
