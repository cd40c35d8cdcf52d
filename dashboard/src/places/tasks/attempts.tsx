import type { TaskFacts } from '../../api/answers.ts'
import { useAnswer } from '../../api/query.ts'
import { AgentMark, TaskMark } from '../../parts/marks.tsx'
import { Text } from '../../parts/text.tsx'
import { lengthOf, Time } from '../../parts/time.tsx'
import { Value } from '../../parts/value.tsx'
import { brief } from './error.ts'

/** How a task went: when it was created, each attempt with its error, and how it ended. */
export function Attempts({ task }: { task: TaskFacts }) {
  const { createdAt, createdBy, claimedAt, completedAt, errors, status, attempts } = task
  const isUnderWay = status === 'running' || status === 'lapsed'
  return (
    <ol className="story">
      <li>
        <b>Created</b> {createdBy !== undefined && <AgentMark id={createdBy} />}
        <Time at={createdAt} />
      </li>
      {errors.map(({ attempt, agentId, at, error }) => (
        <li key={`${attempt}${at}`} className="failed">
          <b>Attempt {attempt}</b> {agentId !== undefined && <AgentMark id={agentId} />}
          <Time at={at} />
          <details>
            <summary>
              <Text of={brief(error)} />
            </summary>
            <Value of={error} />
          </details>
        </li>
      ))}
      {isUnderWay && claimedAt !== undefined && (
        <li className={status}>
          <b>Attempt {attempts}</b> {task.assignedTo !== undefined && <AgentMark id={task.assignedTo} />}
          <Time at={claimedAt} /> <TaskMark status={status} />
        </li>
      )}
      {completedAt !== undefined && (
        <li className={status}>
          <TaskMark status={status} /> <Time at={completedAt} />
          {claimedAt !== undefined && (
            <span className="faint"> after {lengthOf(Date.parse(completedAt) - Date.parse(claimedAt))}</span>
          )}
        </li>
      )}
      {!isUnderWay && completedAt === undefined && <Waiting task={task} />}
    </ol>
  )
}

function Waiting({ task }: { task: TaskFacts }) {
  const queue = useAnswer('tasks.queues', { limit: 1000 }).data?.items.find(
    ({ queue }) => queue === task.queue,
  )
  return (
    <li className="pending">
      <TaskMark status="pending" />
      {task.runAt !== undefined && Date.parse(task.runAt) > Date.now() ? (
        <>
          not before <Time at={task.runAt} />
        </>
      ) : (
        queue !== undefined && (
          <span className="faint">
            {queue.ready} ready in its queue
            {queue.maxRunning !== undefined && `, of which ${queue.maxRunning} may run at once`}
          </span>
        )
      )}
    </li>
  )
}
