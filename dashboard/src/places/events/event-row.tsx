import type { EventFacts } from '../../api/answers.ts'
import { AgentMark } from '../../parts/marks.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { hrefOf } from '../../url.ts'
import { gist } from './gist.ts'

/** An event in a line. */
export function EventRow({ event }: { event: EventFacts }) {
  return (
    <li>
      <a className="grow mono" href={hrefOf('events', { id: String(event.id) })}>
        <Text of={event.type} />
        <small>
          <Text of={gist(event)} />
        </small>
      </a>
      <AgentMark id={event.source} />
      <Time at={event.timestamp} />
    </li>
  )
}
