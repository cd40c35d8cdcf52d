import { useMemo, useState } from 'react'
import type { EventFacts } from '../../api/answers.ts'
import { useAnswer, useFeed, useList } from '../../api/query.ts'
import { Written } from '../../parts/author.tsx'
import { Command, Detail, Facts } from '../../parts/detail.tsx'
import { type Filter, FilterBar, readFilter } from '../../parts/filter.tsx'
import { type Column, List } from '../../parts/list.tsx'
import { AgentMark } from '../../parts/marks.tsx'
import { plural } from '../../parts/numbers.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { Raw, Value } from '../../parts/value.tsx'
import { change, hrefOf, useAddress } from '../../url.ts'
import { gist } from './gist.ts'

const columns: readonly Column<EventFacts>[] = [
  {
    title: 'Id',
    width: '76px',
    isNumber: true,
    isExtra: true,
    cell: ({ id }) => <span className="faint">{id}</span>,
  },
  { title: 'Time', width: '104px', cell: ({ timestamp }) => <Time at={timestamp} /> },
  {
    title: 'Type',
    width: '168px',
    cell: ({ type }) => (
      <b className="mono">
        <Text of={type} />
      </b>
    ),
  },
  { title: 'Source', width: '136px', isExtra: true, cell: ({ source }) => <AgentMark id={source} /> },
  {
    title: 'What',
    width: 'minmax(120px, 1fr)',
    cell: event => (
      <span className="mono faint">
        <Text of={gist(event)} />
      </span>
    ),
  },
]

const usual = ['task.completed', 'task.failed', 'task.dead', 'agent.lapsed'].map(type => ({
  qualifier: `type:${type}`,
}))

/** What has happened, the latest first, and what happens. */
export function Events() {
  const { params } = useAddress()
  const filter = readFilter(params.q ?? '')
  const { rows, missed, isPaused, setPaused, list } = useEvents(filter)
  return (
    <div className={params.id === undefined ? 'split' : 'split with-detail'}>
      <section className="main" aria-label="Events">
        <div className="bar">
          <h1>Events</h1>
          <FilterBar
            label="Filter events"
            placeholder="type:task.failed,task.dead by:codex-1"
            suggestions={usual}
          />
          <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? `Go on${missed > 0 ? ` (${plural(missed, 'event')})` : ''}` : 'Pause'}
          </button>
        </div>
        <Answer result={{ data: list.items && rows, error: list.error }}>
          {items => (
            <List
              label="Events"
              columns={columns}
              rows={items}
              idOf={({ id }) => String(id)}
              selected={params.id}
              scope={params.q ?? ''}
              onOpen={({ id }) => change({ id: String(id), tab: undefined })}
              onMore={list.hasNextPage && !list.isFetching ? list.fetchNextPage : undefined}
              empty={<Empty command="hivewax events log note '{}'">Nothing like that has happened.</Empty>}
            />
          )}
        </Answer>
      </section>
      {params.id !== undefined && <EventDetail key={params.id} id={Number(params.id)} />}
    </div>
  )
}

/** The list of what was, read as far as one scrolls, and before it what has come since. */
function useEvents({ qualifiers, words }: Filter) {
  const types = qualifiers.type?.split(',').filter(Boolean)
  const source = qualifiers.by
  const list = useList('events.list', {
    ...(types && { types }),
    ...(source && { source }),
    order: 'desc',
    limit: 200,
  })
  const { events } = useFeed()
  const [pausedAt, pauseAt] = useState<number>()
  const wanted = words.toLowerCase()
  const isWanted = (event: EventFacts) =>
    (types === undefined || types.includes(event.type)) &&
    (source === undefined || event.source === source) &&
    (wanted === '' || `${event.type} ${gist(event)}`.toLowerCase().includes(wanted))
  const key = JSON.stringify([types, source, wanted])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is what the filter is made of
  const all = useMemo(() => {
    const read = list.items ?? []
    const latest = read[0]?.id ?? 0
    const since = events.filter(({ id }) => id > latest).reverse()
    return [...since, ...read].filter(isWanted)
  }, [list.items, events, key])
  const rows = pausedAt === undefined ? all : all.filter(({ id }) => id <= pausedAt)
  return {
    list,
    rows,
    missed: all.length - rows.length,
    isPaused: pausedAt !== undefined,
    setPaused: (isPaused: boolean) => pauseAt(isPaused ? (all[0]?.id ?? 0) : undefined),
  }
}

function EventDetail({ id }: { id: number }) {
  const event = useAnswer('events.get', { id }, { once: true })
  return (
    <Detail
      label="Event"
      selection={['id']}
      title={event.data === undefined ? `Event ${id}` : <Text of={event.data.type} />}
      tabs={[
        { name: 'Now', content: () => <Answer result={event}>{data => <Present event={data} />}</Answer> },
        { name: 'Raw', content: () => <Answer result={event}>{data => <Raw of={data} />}</Answer> },
      ]}
    />
  )
}

function Present({ event }: { event: EventFacts }) {
  const taskId = taskOf(event)
  return (
    <>
      <Facts
        of={{
          Time: <Time at={event.timestamp} />,
          Source: <AgentMark id={event.source} />,
          Logged: <Written by={event.author} at={event.timestamp} />,
          Task: taskId && (
            <a className="mono" href={hrefOf('tasks', { id: taskId })}>
              <Text of={taskId} />
            </a>
          ),
          Id: event.id,
        }}
      />
      <h3>data</h3>
      <Value of={event.data} />
      <Command line={`hivewax events get ${event.id}`} />
    </>
  )
}

function taskOf({ type, data }: EventFacts): string | undefined {
  const isOfTask =
    type.startsWith('task.') && typeof data === 'object' && data !== null && !Array.isArray(data)
  return isOfTask && typeof data.taskId === 'string' ? data.taskId : undefined
}
