import { useMay } from '../../api/access.tsx'
import type { TaskFacts } from '../../api/answers.ts'
import { call } from '../../api/call.ts'
import { readAgain, useAnswer } from '../../api/query.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Command, Detail, Facts } from '../../parts/detail.tsx'
import { AgentMark, TaskMark } from '../../parts/marks.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, Text } from '../../parts/text.tsx'
import { lengthOf, Time } from '../../parts/time.tsx'
import { act } from '../../parts/toast.tsx'
import { Raw, Value } from '../../parts/value.tsx'
import { hrefOf } from '../../url.ts'
import { Attempts } from './attempts.tsx'

const isEnded = ({ status }: TaskFacts) => ['failed', 'dead', 'cancelled'].includes(status)
const isOpen = ({ status }: TaskFacts) => ['pending', 'running', 'lapsed'].includes(status)

/** All of one task, and what can be done about it. */
export function TaskDetail({ id }: { id: string }) {
  const task = useAnswer('tasks.get', { id })
  const found = task.data
  return (
    <Detail
      label="Task"
      selection={['id']}
      title={found === undefined ? <Id of={id} /> : <Text of={found.description} />}
      actions={found !== undefined && <Actions task={found} />}
      tabs={[
        { name: 'Now', content: () => <Answer result={task}>{data => <Present task={data} />}</Answer> },
        { name: 'History', content: () => <Answer result={task}>{data => <Attempts task={data} />}</Answer> },
        { name: 'Raw', content: () => <Answer result={task}>{data => <Raw of={data} />}</Answer> },
      ]}
    />
  )
}

function Actions({ task }: { task: TaskFacts }) {
  const may = useMay()
  const { id } = task
  const again = () => readAgain('tasks', 'events')
  return (
    <>
      {isEnded(task) && may('tasks.redrive') && (
        <button
          type="button"
          className="primary"
          onClick={async () => {
            await act(() => call('tasks.redrive', { id }), {
              text: 'It will be tried anew.',
              undo: () => call('tasks.cancel', { id }).then(again),
            })
            await again()
          }}
        >
          Retry
        </button>
      )}
      {isOpen(task) && may('tasks.cancel') && (
        <Confirm
          action="Cancel task"
          onConfirm={async () => {
            await act(() => call('tasks.cancel', { id }), {
              text: 'Cancelled.',
              undo: () => call('tasks.redrive', { id }).then(again),
            })
            await again()
          }}
        >
          <p>
            “<Text of={task.description} />” will not be done, nor what depends on it.
            {task.assignedTo !== undefined && ' Its worker is told when it reports.'}
          </p>
          <Command line={`hivewax tasks cancel ${id}`} />
        </Confirm>
      )}
    </>
  )
}

function Present({ task }: { task: TaskFacts }) {
  const { status, assignedTo, priority, queue, attempts, maxAttempts, requires } = task
  return (
    <>
      <Facts
        of={{
          Status: <TaskMark status={status} />,
          Agent: assignedTo && <AgentMark id={assignedTo} />,
          Priority: priority,
          Queue: <Text of={queue} />,
          Attempts: `${attempts} of ${maxAttempts}`,
          Needs: requires.length > 0 ? <Text of={requires.join(', ')} /> : undefined,
          'Not before': task.runAt && <Time at={task.runAt} />,
          'Created by': task.createdBy && <AgentMark id={task.createdBy} />,
          Created: <Time at={task.createdAt} />,
          Claimed: task.claimedAt && <Time at={task.claimedAt} />,
          Ended: task.completedAt && <Time at={task.completedAt} />,
          Took:
            task.claimedAt && task.completedAt
              ? lengthOf(Date.parse(task.completedAt) - Date.parse(task.claimedAt))
              : undefined,
          'Ended with': task.causedBy && <TaskLink id={task.causedBy} />,
          Id: <Id of={task.id} />,
        }}
      />
      {task.dependencies.length > 0 && <Dependencies ids={task.dependencies} />}
      {(['progress', 'result', 'payload'] as const).map(
        name =>
          task[name] !== undefined && (
            <section key={name}>
              <h3>{name}</h3>
              <Value of={task[name]} />
            </section>
          ),
      )}
      <Command line={`hivewax tasks get ${task.id}`} />
    </>
  )
}

/** What it waits for, or has waited for: what is not completed holds it up. */
function Dependencies({ ids }: { ids: readonly string[] }) {
  return (
    <section>
      <h3>Waits for</h3>
      <ul className="rows">
        {ids.slice(0, 20).map(id => (
          <Dependency key={id} id={id} />
        ))}
      </ul>
      {ids.length > 20 && <p className="faint">and {ids.length - 20} more</p>}
    </section>
  )
}

function Dependency({ id }: { id: string }) {
  const { data } = useAnswer('tasks.get', { id })
  return (
    <li>
      {data !== undefined && <TaskMark status={data.status} />}
      <a className="grow" href={hrefOf('tasks', { id })}>
        {data === undefined ? <Id of={id} /> : <Text of={data.description} />}
      </a>
    </li>
  )
}

function TaskLink({ id }: { id: string }) {
  return (
    <a href={hrefOf('tasks', { id })}>
      <Id of={id} />
    </a>
  )
}
