import { useState } from 'react'
import { useMay } from '../../api/access.tsx'
import type { Answers, KeyVersion } from '../../api/answers.ts'
import { call } from '../../api/call.ts'
import { readAgain, useAnswer, useList } from '../../api/query.ts'
import { Written } from '../../parts/author.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { act } from '../../parts/toast.tsx'
import { Value } from '../../parts/value.tsx'
import type { At } from './detail.tsx'

/** What a key has held, the latest first: by whom, how it differs from now, and back to it. */
export function History({ at }: { at: At }) {
  const history = useList('kv.history', { ...at, limit: 50 })
  const [opened, open] = useState<number>()
  return (
    <Answer result={{ data: history.items, error: history.error }}>
      {versions => (
        <>
          {versions.length === 0 && <Empty>Nothing is known of it.</Empty>}
          <ol className="story">
            {versions.map((version, i) => (
              <li key={version.revision}>
                <button
                  type="button"
                  className="plain version"
                  aria-expanded={opened === version.revision}
                  onClick={() => open(opened === version.revision ? undefined : version.revision)}
                >
                  <b>Revision {version.revision}</b> {wordOf(version, i === 0)}
                </button>
                <Written by={version.author} at={version.updatedAt} />
                {opened === version.revision && (
                  <Version at={at} of={version} latest={versions[0] as KeyVersion} />
                )}
              </li>
            ))}
          </ol>
          {history.hasNextPage && (
            <button type="button" onClick={() => void history.fetchNextPage()}>
              More
            </button>
          )}
        </>
      )}
    </Answer>
  )
}

function wordOf({ deleted, redacted }: KeyVersion, isLatest: boolean): string {
  if (redacted !== undefined) return '(redacted)'
  if (deleted) return '(deleted)'
  return isLatest ? '(now)' : ''
}

interface VersionProps {
  readonly at: At
  readonly of: KeyVersion
  readonly latest: KeyVersion
}

function Version({ at, of: { revision, value, deleted, redacted }, latest }: VersionProps) {
  const may = useMay()
  if (deleted || redacted !== undefined) return <p className="faint">There is no value.</p>
  const isPast = revision !== latest.revision
  const restore = async () => {
    const undo = () =>
      (latest.deleted ? call('kv.delete', at) : call('kv.revert', { ...at, revision: latest.revision })).then(
        () => readAgain('kv'),
      )
    await act(() => call('kv.revert', { ...at, revision }), { text: `Restored revision ${revision}.`, undo })
    await readAgain('kv')
  }
  return (
    <div className="version-body">
      <Value of={value} />
      {isPast && !latest.deleted && <Changes at={at} from={revision} to={latest.revision} />}
      {isPast && may('kv.revert') && (
        <button type="button" onClick={() => void restore()}>
          Restore this value
        </button>
      )}
    </div>
  )
}

/** How what it holds now differs from then. */
function Changes({ at, from, to }: { at: At; from: number; to: number }) {
  const diff = useAnswer('kv.diff', { ...at, from, to })
  return (
    <Answer result={diff}>
      {({ changes }) => (
        <section>
          <h3>since then</h3>
          {changes.length === 0 && <p className="faint">nothing differs</p>}
          <ul className="changes">
            {changes.slice(0, 100).map(change => (
              <Change key={`${change.op}${change.path}`} of={change} />
            ))}
          </ul>
        </section>
      )}
    </Answer>
  )
}

function Change({ of }: { of: Answers['kv.diff']['changes'][number] }) {
  return (
    <li>
      <span className="mono">
        {of.op} <Text of={of.path === '' ? 'the whole' : of.path} />
      </span>
      {'was' in of && of.was !== undefined && (
        <del>
          <Text of={JSON.stringify(of.was)} />
        </del>
      )}
      {'value' in of && (
        <ins>
          <Text of={JSON.stringify(of.value)} />
        </ins>
      )}
    </li>
  )
}
