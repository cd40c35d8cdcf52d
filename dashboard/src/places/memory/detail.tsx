import { useState } from 'react'
import { useMay } from '../../api/access.tsx'
import type { KeyRecord } from '../../api/answers.ts'
import { ApiError, call } from '../../api/call.ts'
import { readAgain, useAnswer } from '../../api/query.ts'
import { Written } from '../../parts/author.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Command, Detail, Facts } from '../../parts/detail.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { Time } from '../../parts/time.tsx'
import { act } from '../../parts/toast.tsx'
import { Raw, Value } from '../../parts/value.tsx'
import { Editor } from './editor.tsx'
import { History } from './history.tsx'

/** A key, and the namespace that it is in. */
export interface At {
  readonly namespace: string
  readonly key: string
}

/** What a key holds, has held, and what can be done about it. */
export function KeyDetail({ at }: { at: At }) {
  const record = useAnswer('kv.get', at)
  const may = useMay()
  const [edited, edit] = useState<KeyRecord>()
  const isGone = record.error instanceof ApiError && record.error.code === 'not_found'
  const found = isGone ? undefined : record.data
  const present = () => {
    if (edited !== undefined) return <Editor of={edited} onClose={() => edit(undefined)} />
    if (isGone) return <Empty>It holds nothing now. Its history may tell what it held.</Empty>
    return <Answer result={record}>{data => <Present of={data} />}</Answer>
  }
  return (
    <Detail
      label="Key"
      selection={['key']}
      title={
        <span className="mono">
          <Text of={at.key} />
        </span>
      }
      actions={
        found !== undefined && (
          <>
            {may('kv.store') && edited === undefined && (
              <button type="button" data-edit onClick={() => edit(found)}>
                Edit
              </button>
            )}
            {may('kv.delete') && <Delete of={found} />}
          </>
        )
      }
      tabs={[
        { name: 'Now', content: present },
        { name: 'History', content: () => <History at={at} /> },
        { name: 'Raw', content: () => <Answer result={record}>{data => <Raw of={data} />}</Answer> },
      ]}
    />
  )
}

function Present({ of }: { of: KeyRecord }) {
  return (
    <>
      <Value of={of.value} />
      <p className="faint">
        Written <Written by={of.author} at={of.updatedAt} /> · revision {of.revision}
      </p>
      <Facts
        of={{
          Namespace: <Text of={of.namespace} />,
          Created: <Time at={of.createdAt} />,
          Expires: of.expiresAt && <Time at={of.expiresAt} />,
        }}
      />
      {of.metadata !== undefined && (
        <section>
          <h3>metadata</h3>
          <Value of={of.metadata} />
        </section>
      )}
      <Command line={`hivewax get ${quoted(of.key)} --namespace ${quoted(of.namespace)}`} />
    </>
  )
}

function Delete({ of: { namespace, key, revision } }: { of: KeyRecord }) {
  const at = { namespace, key }
  const again = () => readAgain('kv')
  return (
    <Confirm
      action="Delete key"
      onConfirm={async () => {
        await act(() => call('kv.delete', at), {
          text: 'Deleted.',
          undo: () => call('kv.revert', { ...at, revision }).then(again),
        })
        await again()
      }}
    >
      <p>
        <span className="mono">
          <Text of={key} />
        </span>{' '}
        will hold nothing. Its history stays, and it can be restored from there.
      </p>
      <Command line={`hivewax delete ${quoted(key)} --namespace ${quoted(namespace)}`} />
    </Confirm>
  )
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
