import type { AuthorFacts } from '../api/answers.ts'
import { AgentMark } from './marks.tsx'
import { Text } from './text.tsx'
import { Time } from './time.tsx'

/** Who wrote something, through which door, and when: what a model wrote is data, and its writer is named. */
export function Written({ by, at }: { by: AuthorFacts | undefined; at: string }) {
  return (
    <span className="written">
      {by === undefined ? (
        'by somebody not known'
      ) : (
        <>
          by <AgentMark id={by.agent} /> through <Text of={by.via} />
        </>
      )}
      {' · '}
      <Time at={at} />
    </span>
  )
}
