import type { KeyRecord } from '../../api/answers.ts'
import { useList } from '../../api/query.ts'
import { FilterBar, readFilter } from '../../parts/filter.tsx'
import { type Column, List } from '../../parts/list.tsx'
import { AgentMark } from '../../parts/marks.tsx'
import { count } from '../../parts/numbers.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { change, hrefOf, useAddress } from '../../url.ts'
import { KeyDetail } from './detail.tsx'
import { NewKey } from './new-key.tsx'

const columns: readonly Column<KeyRecord>[] = [
  {
    title: 'Key',
    width: 'minmax(140px, 1fr)',
    cell: ({ key }) => (
      <span className="mono">
        <Text of={key} />
      </span>
    ),
  },
  {
    title: 'Value',
    width: 'minmax(100px, 1.2fr)',
    isExtra: true,
    cell: ({ value }) => (
      <span className="mono faint">
        <Text of={typeof value === 'string' ? value : JSON.stringify(value)} />
      </span>
    ),
  },
  {
    title: 'By',
    width: '128px',
    isExtra: true,
    cell: ({ author }) => author !== undefined && <AgentMark id={author.agent} />,
  },
  { title: 'Rev', width: '48px', isNumber: true, isExtra: true, cell: ({ revision }) => revision },
  { title: 'Changed', width: '96px', isNumber: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
]

const usual = 'default'

/** What is known, by namespace and key. */
export function MemoryPlace() {
  const { params } = useAddress()
  const namespace = params.ns ?? usual
  return (
    <div className={params.key === undefined ? 'split' : 'split with-detail'}>
      <section className="main" aria-label="Memory">
        <div className="bar">
          <h1>Memory</h1>
          <FilterBar label="Filter keys" placeholder="part of a key, or a glob: decision/*" />
          <NewKey namespace={namespace} />
        </div>
        <div className="with-tree">
          <Namespaces open={namespace} />
          <Keys namespace={namespace} words={readFilter(params.q ?? '').words} selected={params.key} />
        </div>
      </section>
      {params.key !== undefined && (
        <KeyDetail key={`${namespace} ${params.key}`} at={{ namespace, key: params.key }} />
      )}
    </div>
  )
}

function Namespaces({ open }: { open: string }) {
  const namespaces = useList('kv.namespaces', { limit: 200 })
  const items = namespaces.items ?? []
  const all = items.some(({ namespace }) => namespace === open)
    ? items
    : [{ namespace: open, count: 0 }, ...items]
  return (
    <nav className="tree" aria-label="Namespaces">
      {namespaces.error !== null && (
        <Answer result={{ data: undefined, error: namespaces.error }}>{() => null}</Answer>
      )}
      <ul>
        {all.map(({ namespace, count: amount }) => (
          <li key={namespace}>
            <a
              href={hrefOf('memory', { ns: namespace })}
              aria-current={namespace === open ? 'true' : undefined}
            >
              <Text of={namespace} />
              <span className="faint">{count(amount)}</span>
            </a>
          </li>
        ))}
      </ul>
      {namespaces.hasNextPage && (
        <button type="button" onClick={() => void namespaces.fetchNextPage()}>
          More
        </button>
      )}
    </nav>
  )
}

interface KeysProps {
  readonly namespace: string
  readonly words: string
  readonly selected: string | undefined
}

function Keys({ namespace, words, selected }: KeysProps) {
  const glob = globOf(words)
  const keys = useList('kv.search', { glob, namespace, limit: 50 })
  return (
    <Answer result={{ data: keys.items, error: keys.error }}>
      {items => (
        <List
          label="Keys"
          columns={columns}
          rows={items}
          idOf={({ key }) => key}
          selected={selected}
          scope={`${namespace} ${glob}`}
          onOpen={({ key }) => change({ key, tab: undefined })}
          onMore={keys.hasNextPage && !keys.isFetching ? keys.fetchNextPage : undefined}
          empty={
            <Empty command={`hivewax store greeting '"hello"'`}>
              {words === '' ? 'This namespace holds nothing.' : 'No key is like that.'}
            </Empty>
          }
        />
      )}
    </Answer>
  )
}

/** A glob as it is; of other words any key that has them. */
function globOf(words: string): string {
  if (words === '') return '*'
  return /[*?[]/.test(words) ? words : `*${words}*`
}
