import type { ReactNode } from 'react'
import { useMay } from '../../api/access.tsx'
import type { TaskFacts, TaskStatus } from '../../api/answers.ts'
import { useAnswer, useList } from '../../api/query.ts'
import { AgentMark, StateMark, TaskMark } from '../../parts/marks.tsx'
import { count } from '../../parts/numbers.ts'
import { Answer, Empty, Failure } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { hrefOf } from '../../url.ts'
import { EventRow } from '../events/event-row.tsx'
import { brief } from '../tasks/error.ts'

/** How many of each kind are shown here; the place of the kind has them all. */
const shown = 8

/** What needs a person first; then how much there is of everything, and what happens. */
export function Now() {
  return (
    <div className="now">
      <h1 className="sr">Now</h1>
      <Counters />
      <div className="columns">
        <Attention />
        <div className="stack">
          <Queues />
          <Latest />
        </div>
      </div>
    </div>
  )
}

const counters: readonly [TaskStatus, string][] = [
  ['pending', 'waiting'],
  ['running', 'running'],
  ['lapsed', 'lapsed'],
  ['failed', 'failed'],
  ['dead', 'dead'],
  ['completed', 'completed'],
]

function Counters() {
  const counts = useAnswer('tasks.counts')
  return (
    <section className="counters" aria-label="Tasks by status">
      <Answer result={counts}>
        {data =>
          counters.map(([status, word]) => (
            <a
              key={status}
              href={hrefOf('tasks', { q: `status:${status}` })}
              className={data[status] === 0 ? 'none' : status}
            >
              <b>{count(data[status])}</b> {word}
            </a>
          ))
        }
      </Answer>
    </section>
  )
}

function Attention() {
  const failing = [useLatest('failed'), useLatest('dead'), useLatest('lapsed')]
  const stale = useAnswer('agents.list', { alive: false, limit: shown }, { keeps: true })
  const tasks = failing.flatMap(({ data }) => data?.items ?? []).sort(byLatest)
  const agents = stale.data?.items ?? []
  const error = [...failing, stale].find(({ error }) => error !== null)?.error ?? undefined
  const isKnown = [...failing, stale].every(({ data }) => data !== undefined)
  return (
    <Section title="Needs you" count={isKnown ? tasks.length + agents.length : undefined}>
      {error !== undefined && <Failure error={error} />}
      {isKnown && tasks.length + agents.length === 0 && (
        <Empty>Nothing failed, nothing lapsed, everybody is alive.</Empty>
      )}
      <ul className="rows">
        {tasks.map(task => (
          <li key={task.id}>
            <TaskMark status={task.status} />
            <a className="grow" href={hrefOf('tasks', { id: task.id })}>
              <Text of={task.description} />
              <small>
                <Text of={reasonOf(task)} />
              </small>
            </a>
            {task.assignedTo !== undefined && <AgentMark id={task.assignedTo} />}
            <Time at={task.updatedAt} />
          </li>
        ))}
        {agents.map(({ id, type, lastActive }) => (
          <li key={id}>
            <StateMark state="lapsed" word="stale" />
            <a className="grow" href={hrefOf('agents', { id })}>
              <Text of={id} />
              <small>
                <Text of={`${type}, without a sign of life since`} />
              </small>
            </a>
            <Time at={lastActive} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function useLatest(status: TaskStatus) {
  return useAnswer('tasks.list', { status, order: 'desc', limit: shown }, { keeps: true })
}

function byLatest(a: TaskFacts, b: TaskFacts): number {
  return b.updatedAt.localeCompare(a.updatedAt)
}

/** Why a task needs somebody, in a line. */
function reasonOf({ status, errors, causedBy, attempts, maxAttempts }: TaskFacts): string {
  if (causedBy !== undefined) return `since ${causedBy} did not succeed`
  if (status === 'lapsed') return 'its worker gave no sign of life; the next claim may have it'
  const last = errors.at(-1)
  return `attempt ${attempts} of ${maxAttempts}${last === undefined ? '' : `: ${brief(last.error)}`}`
}

function Queues() {
  const queues = useList('tasks.queues', { limit: 50 })
  return (
    <Section title="Queues" count={queues.items?.length}>
      {queues.items?.length === 0 && (
        <Empty command="hivewax tasks create 'write the tests'">No tasks wait or run.</Empty>
      )}
      {queues.items !== undefined && queues.items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" className="number">
                Ready
              </th>
              <th scope="col" className="number">
                Running
              </th>
              <th scope="col" className="number">
                Limit
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.items.map(({ queue, ready, running, maxRunning }) => (
              <tr key={queue}>
                <td>
                  <a href={hrefOf('tasks', { q: `queue:${queue}` })}>
                    <Text of={queue} />
                  </a>
                </td>
                <td className="number">{count(ready)}</td>
                <td className="number">{count(running)}</td>
                <td className="number">
                  {maxRunning === undefined ? <span className="faint">none</span> : count(maxRunning)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

function Latest() {
  const may = useMay()
  const events = useAnswer(
    'events.list',
    { order: 'desc', limit: 12 },
    { keeps: true, enabled: may('events.list') },
  )
  return (
    <Section title="Latest">
      <Answer result={events}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty command="hivewax events log note '{}'">Nothing has happened yet.</Empty>
          ) : (
            <ul className="rows">
              {items.map(event => (
                <EventRow key={event.id} event={event} />
              ))}
            </ul>
          )
        }
      </Answer>
    </Section>
  )
}

function Section({
  title,
  count: amount,
  children,
}: {
  title: string
  count?: number | undefined
  children: ReactNode
}) {
  return (
    <section className="section">
      <h2>
        {title} {amount !== undefined && amount > 0 && <span className="faint">{count(amount)}</span>}
      </h2>
      {children}
    </section>
  )
}
