import { useMay } from '../../api/access.tsx'
import type { AgentFacts } from '../../api/answers.ts'
import { useAnswer, useList } from '../../api/query.ts'
import { Command, Detail, Facts } from '../../parts/detail.tsx'
import { StateMark, TaskMark } from '../../parts/marks.tsx'
import { bytes } from '../../parts/numbers.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { Id, Text } from '../../parts/text.tsx'
import { lengthOf, Time } from '../../parts/time.tsx'
import { Raw, Value } from '../../parts/value.tsx'
import { hrefOf } from '../../url.ts'

/** One agent: what it does and holds, what it keeps for itself, and what it would be told. */
export function AgentDetail({ id }: { id: string }) {
  const may = useMay()
  const agent = useAnswer('agents.get', { id })
  const tabs = [
    { name: 'Now', content: () => <Answer result={agent}>{data => <Present agent={data} />}</Answer> },
    { name: 'Briefing', content: () => <WouldBeTold id={id} /> },
    { name: 'Memory', content: () => <OwnMemory id={id} /> },
    { name: 'Raw', content: () => <Answer result={agent}>{data => <Raw of={data} />}</Answer> },
  ]
  return (
    <Detail
      label="Agent"
      selection={['id']}
      title={<Text of={id} />}
      tabs={tabs.filter(({ name }) => name !== 'Briefing' || may('briefing.briefing'))}
    />
  )
}

function Present({ agent }: { agent: AgentFacts }) {
  const work = useAnswer('agents.work', { ids: [agent.id] })
  return (
    <>
      <Facts
        of={{
          Status: agent.alive ? (
            <StateMark state="done" word="alive" />
          ) : (
            <StateMark state="lapsed" word="stale" />
          ),
          Type: <Text of={agent.type} />,
          Can: agent.capabilities.length > 0 ? <Text of={agent.capabilities.join(', ')} /> : undefined,
          Swarm: agent.swarmId && <Text of={agent.swarmId} />,
          Seen: <Time at={agent.lastActive} />,
          'Stale after': agent.ttl === undefined ? 'never' : lengthOf(agent.ttl * 1000),
          Registered: <Time at={agent.createdAt} />,
          Incarnation: agent.incarnation,
        }}
      />
      <Answer result={work}>{data => <Holds {...(data[agent.id] ?? { tasks: [], locks: [] })} />}</Answer>
      {(['state', 'metadata'] as const).map(
        name =>
          agent[name] !== undefined && (
            <section key={name}>
              <h3>{name}</h3>
              <Value of={agent[name]} />
            </section>
          ),
      )}
    </>
  )
}

function Holds({ tasks, locks }: { tasks: readonly string[]; locks: readonly string[] }) {
  return (
    <section>
      <h3>Holds</h3>
      {tasks.length + locks.length === 0 && <p className="faint">nothing at this moment</p>}
      <ul className="rows">
        {tasks.slice(0, 20).map(id => (
          <HeldTask key={id} id={id} />
        ))}
        {locks.map(name => (
          <li key={name}>
            <StateMark state="running" word="lock" />
            <span className="grow mono">
              <Text of={name} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function HeldTask({ id }: { id: string }) {
  const { data } = useAnswer('tasks.get', { id })
  return (
    <li>
      <TaskMark status={data?.status ?? 'running'} />
      <a className="grow" href={hrefOf('tasks', { id })}>
        {data === undefined ? <Id of={id} /> : <Text of={data.description} />}
      </a>
      {data?.claimedAt !== undefined && <Time at={data.claimedAt} />}
    </li>
  )
}

/** Its briefing as the server makes it, with what that costs the agent to read. */
function WouldBeTold({ id }: { id: string }) {
  const briefing = useAnswer('briefing.briefing', { agentId: id })
  return (
    <Answer result={briefing}>
      {({ sections }) => (
        <>
          {sections.length === 0 && <Empty>There is nothing to tell it yet.</Empty>}
          {sections.length > 0 && (
            <p className="faint">
              {bytes(sections.flatMap(({ title, lines }) => [title, ...lines]).join('\n').length)}, told as
              data and not as instructions
            </p>
          )}
          {sections.map(({ name, title, lines, left }) => (
            <section key={name} className="told">
              <h3>
                <Text of={title} />
              </h3>
              <ul>
                {lines.map((line, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: lines may be the same
                  <li key={i}>
                    <Text of={line} isWhole />
                  </li>
                ))}
              </ul>
              {left > 0 && <p className="faint">and {left} more, for which it would have to ask</p>}
            </section>
          ))}
          <Command line={`hivewax briefing --agent ${id}`} />
        </>
      )}
    </Answer>
  )
}

function OwnMemory({ id }: { id: string }) {
  const memory = useList('agents.listMemory', { agentId: id, limit: 50 })
  return (
    <Answer result={{ data: memory.items, error: memory.error }}>
      {items => (
        <>
          {items.length === 0 && <Empty>It keeps nothing for itself.</Empty>}
          {items.map(({ key, value, updatedAt }) => (
            <details key={key} className="entry">
              <summary>
                <span className="mono grow">
                  <Text of={key} />
                </span>
                <Time at={updatedAt} />
              </summary>
              <Value of={value} />
            </details>
          ))}
          {memory.hasNextPage && (
            <button type="button" onClick={() => void memory.fetchNextPage()}>
              More
            </button>
          )}
        </>
      )}
    </Answer>
  )
}
