import { useHello } from '../../api/access.tsx'
import type { TaskFacts, TaskStatus } from '../../api/answers.ts'
import { useAnswer, useList } from '../../api/query.ts'
import { type Filter, FilterBar, readFilter } from '../../parts/filter.tsx'
import { type Column, List } from '../../parts/list.tsx'
import { AgentMark, TaskMark } from '../../parts/marks.tsx'
import { count } from '../../parts/numbers.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { change, useAddress } from '../../url.ts'
import { Board } from './board.tsx'
import { TaskDetail } from './detail.tsx'
import { isAbout } from './is-about.ts'

const statuses: readonly TaskStatus[] = [
  'pending',
  'running',
  'lapsed',
  'failed',
  'dead',
  'completed',
  'cancelled',
]

const columns: readonly Column<TaskFacts>[] = [
  { title: 'Status', width: '104px', cell: ({ status }) => <TaskMark status={status} /> },
  { title: 'Task', width: 'minmax(160px, 1fr)', cell: ({ description }) => <Text of={description} /> },
  {
    title: 'Agent',
    width: '136px',
    isExtra: true,
    cell: ({ assignedTo }) => assignedTo !== undefined && <AgentMark id={assignedTo} />,
  },
  {
    title: 'Priority',
    width: '72px',
    isExtra: true,
    cell: ({ priority }) => <span className={priority === 'medium' ? 'faint' : ''}>{priority}</span>,
  },
  { title: 'Queue', width: '96px', isExtra: true, cell: ({ queue }) => <Text of={queue} /> },
  {
    title: 'Tries',
    width: '52px',
    isNumber: true,
    isExtra: true,
    cell: ({ attempts, maxAttempts }) => (
      <>
        {attempts}
        <span className="faint">/{maxAttempts}</span>
      </>
    ),
  },
  { title: 'Changed', width: '96px', isNumber: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
]

/** Which input of `tasks.list` each qualifier is. */
const fields: Readonly<Record<string, string>> = {
  status: 'status',
  by: 'assignedTo',
  priority: 'priority',
  queue: 'queue',
}

/** What is to be done: as a table or a board. */
export function Tasks() {
  const { params } = useAddress()
  const filter = readFilter(params.q ?? '')
  const counts = useAnswer('tasks.counts').data
  const isBoard = params.view === 'board'
  const suggestions = statuses.map(status => ({
    qualifier: `status:${status}`,
    count: counts === undefined ? undefined : count(counts[status]),
  }))
  return (
    <div className={params.id === undefined ? 'split' : 'split with-detail'}>
      <section className="main" aria-label="Tasks">
        <div className="bar">
          <h1>Tasks</h1>
          <FilterBar
            label="Filter tasks"
            placeholder="status:failed by:codex-1 queue:default priority:high"
            suggestions={isBoard ? [] : suggestions}
          />
          <div className="segments">
            <button type="button" aria-pressed={!isBoard} onClick={() => change({ view: undefined })}>
              Table
            </button>
            <button type="button" aria-pressed={isBoard} onClick={() => change({ view: 'board' })}>
              Board
            </button>
          </div>
        </div>
        {isBoard ? (
          <Board filter={inputOf(filter)} words={filter.words} />
        ) : (
          <Table filter={filter} selected={params.id} />
        )}
      </section>
      {params.id !== undefined && <TaskDetail key={params.id} id={params.id} />}
    </div>
  )
}

function Table({ filter, selected }: { filter: Filter; selected: string | undefined }) {
  const input = { ...inputOf(filter), order: 'desc', limit: 200 }
  const tasks = useList('tasks.list', input)
  const { agentId } = useHello()
  const words = filter.words.toLowerCase()
  return (
    <Answer result={{ data: tasks.items, error: tasks.error }}>
      {items => (
        <List
          label="Tasks"
          columns={columns}
          rows={words === '' ? items : items.filter(task => isAbout(task, words))}
          idOf={({ id }) => id}
          selected={selected}
          scope={JSON.stringify([input, words])}
          onOpen={({ id }) => change({ id, tab: undefined })}
          onMore={tasks.hasNextPage && !tasks.isFetching ? tasks.fetchNextPage : undefined}
          empty={
            <Empty command={`hivewax tasks create 'write the tests'${agentId ? ` --agent ${agentId}` : ''}`}>
              {Object.keys(input).length > 2 || words !== ''
                ? 'No task is like that.'
                : 'There are no tasks yet.'}
            </Empty>
          }
        />
      )}
    </Answer>
  )
}

/** What a filter asks of the operation. */
function inputOf({ qualifiers }: Filter): Record<string, string> {
  return Object.fromEntries(
    Object.entries(qualifiers).flatMap(([name, value]) => {
      const field = fields[name]
      return field === undefined ? [] : [[field, value]]
    }),
  )
}
