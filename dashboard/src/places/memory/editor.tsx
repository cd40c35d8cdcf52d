import { useState } from 'react'
import type { KeyRecord } from '../../api/answers.ts'
import { ApiError, call, callWithJson } from '../../api/call.ts'
import { readAgain, useAnswer } from '../../api/query.ts'
import { Written } from '../../parts/author.tsx'
import { Failure } from '../../parts/states.tsx'
import { toast } from '../../parts/toast.tsx'
import { Value } from '../../parts/value.tsx'
import { JsonField, problemOf } from './json-field.tsx'

/** Edits what a key holds: it is stored only where nobody has changed it meanwhile. */
export function Editor({ of, onClose }: { of: KeyRecord; onClose: () => void }) {
  const { namespace, key } = of
  const [text, setText] = useState(() => JSON.stringify(of.value, null, 2))
  const [base, setBase] = useState(of.revision)
  const [error, setError] = useState<Error>()
  const isConflict = error instanceof ApiError && error.code === 'conflict'
  const save = async (expectedRevision: number) => {
    try {
      const kept = { namespace, key, expectedRevision, ...metadataOf(of) }
      await callWithJson('kv.store', kept, { field: 'value', text })
      const undo = () =>
        call('kv.revert', { namespace, key, revision: expectedRevision }).then(() => readAgain('kv'))
      toast({ text: 'Stored.', undo })
      onClose()
      await readAgain('kv')
    } catch (failure) {
      setError(failure as Error)
    }
  }
  return (
    <form
      className="editor"
      onSubmit={event => {
        event.preventDefault()
        void save(base)
      }}
    >
      <JsonField label="Value, as JSON" text={text} onChange={setText} />
      {error !== undefined && !isConflict && <Failure error={error} />}
      {isConflict && (
        <Conflict
          of={of}
          onOverwrite={revision => {
            setBase(revision)
            void save(revision)
          }}
        />
      )}
      <div className="actions">
        <button type="submit" className="primary" disabled={problemOf(text) !== undefined}>
          Store
        </button>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        <span className="faint">over revision {base}</span>
      </div>
    </form>
  )
}

/** What a record has beside its value stays. */
function metadataOf({ metadata, expiresAt }: KeyRecord): object {
  return { ...(metadata !== undefined && { metadata }), ...(expiresAt !== undefined && { expiresAt }) }
}

function Conflict({ of, onOverwrite }: { of: KeyRecord; onOverwrite: (revision: number) => void }) {
  const theirs = useAnswer('kv.get', { namespace: of.namespace, key: of.key }).data
  if (theirs === undefined) return <p className="failure">It was deleted meanwhile.</p>
  return (
    <div className="failure" role="alert">
      <p>
        It was changed meanwhile <Written by={theirs.author} at={theirs.updatedAt} />. It holds now:
      </p>
      <Value of={theirs.value} />
      <button type="button" onClick={() => onOverwrite(theirs.revision)}>
        Store mine over revision {theirs.revision}
      </button>
    </div>
  )
}
