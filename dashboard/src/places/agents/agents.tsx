import type { AgentFacts } from '../../api/answers.ts'
import { useAnswer, useList } from '../../api/query.ts'
import { FilterBar, readFilter } from '../../parts/filter.tsx'
import { type Column, List } from '../../parts/list.tsx'
import { AgentMark, StateMark } from '../../parts/marks.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { change, useAddress } from '../../url.ts'
import { AgentDetail } from './detail.tsx'

interface AtWork extends AgentFacts {
  readonly tasks: readonly string[]
  readonly locks: readonly string[]
}

const columns: readonly Column<AtWork>[] = [
  { title: 'Status', width: '84px', cell: agent => <AgentState agent={agent} /> },
  { title: 'Agent', width: 'minmax(120px, 1fr)', cell: ({ id }) => <AgentMark id={id} /> },
  { title: 'Type', width: '112px', isExtra: true, cell: ({ type }) => <Text of={type} /> },
  {
    title: 'Tasks',
    width: '56px',
    isNumber: true,
    cell: ({ tasks }) => tasks.length || <span className="faint">0</span>,
  },
  {
    title: 'Locks',
    width: '56px',
    isNumber: true,
    isExtra: true,
    cell: ({ locks }) => locks.length || <span className="faint">0</span>,
  },
  {
    title: 'Can',
    width: 'minmax(80px, 0.6fr)',
    isExtra: true,
    cell: ({ capabilities }) => <Text of={capabilities.join(', ')} />,
  },
  { title: 'Seen', width: '96px', isNumber: true, cell: ({ lastActive }) => <Time at={lastActive} /> },
]

function AgentState({ agent: { alive, tasks } }: { agent: AtWork }) {
  if (!alive) return <StateMark state="lapsed" word="stale" />
  return tasks.length > 0 ? (
    <StateMark state="running" word="at work" />
  ) : (
    <StateMark state="done" word="alive" />
  )
}

/** Who is alive, and what each does. */
export function Agents() {
  const { params } = useAddress()
  const { qualifiers, words } = readFilter(params.q ?? '')
  const input = {
    ...(qualifiers.type && { type: qualifiers.type }),
    ...(qualifiers.swarm && { swarmId: qualifiers.swarm }),
    ...(qualifiers.is && { alive: qualifiers.is === 'alive' }),
    limit: 200,
  }
  const agents = useList('agents.list', input)
  const ids = agents.items?.map(({ id }) => id) ?? []
  const work = useAnswer('agents.work', { ids }, { enabled: ids.length > 0, keeps: true }).data ?? {}
  const rows = (agents.items ?? [])
    .map(agent => ({ ...agent, ...(work[agent.id] ?? { tasks: [], locks: [] }) }))
    .filter(({ id }) => id.includes(words))
  return (
    <div className={params.id === undefined ? 'split' : 'split with-detail'}>
      <section className="main" aria-label="Agents">
        <div className="bar">
          <h1>Agents</h1>
          <FilterBar
            label="Filter agents"
            placeholder="is:alive type:coder swarm:main"
            suggestions={[{ qualifier: 'is:alive' }, { qualifier: 'is:stale' }]}
          />
        </div>
        <Answer result={{ data: agents.items && rows, error: agents.error }}>
          {items => (
            <List
              label="Agents"
              columns={columns}
              rows={items}
              idOf={({ id }) => id}
              selected={params.id}
              scope={params.q ?? ''}
              onOpen={({ id }) => change({ id, tab: undefined })}
              onMore={agents.hasNextPage && !agents.isFetching ? agents.fetchNextPage : undefined}
              empty={
                <Empty command="hivewax agents register coder-1 coder">
                  No agent is like that, or has registered.
                </Empty>
              }
            />
          )}
        </Answer>
      </section>
      {params.id !== undefined && <AgentDetail key={params.id} id={params.id} />}
    </div>
  )
}
