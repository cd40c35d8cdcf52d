import { useState } from 'react'
import { useMay } from '../../api/access.tsx'
import { call, callWithJson } from '../../api/call.ts'
import { readAgain } from '../../api/query.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'
import { Text } from '../../parts/text.tsx'
import { toast } from '../../parts/toast.tsx'
import { change } from '../../url.ts'
import { JsonField, problemOf } from './json-field.tsx'

/** Stores a key that there is not yet. */
export function NewKey({ namespace }: { namespace: string }) {
  const may = useMay()
  const [isOpen, open] = useState(false)
  if (!may('kv.store')) return null
  return (
    <>
      <button type="button" onClick={() => open(true)}>
        New key
      </button>
      {isOpen && (
        <Dialog label="New key" onClose={() => open(false)}>
          <Form namespace={namespace} onClose={() => open(false)} />
        </Dialog>
      )}
    </>
  )
}

function Form({ namespace, onClose }: { namespace: string; onClose: () => void }) {
  const [key, setKey] = useState('')
  const [text, setText] = useState('""')
  const [error, setError] = useState<Error>()
  const store = async () => {
    try {
      await callWithJson('kv.store', { namespace, key, ifAbsent: true }, { field: 'value', text })
      const undo = () => call('kv.delete', { namespace, key }).then(() => readAgain('kv'))
      toast({ text: 'Stored.', undo })
      onClose()
      change({ key })
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
        void store()
      }}
    >
      <h2>
        New key in <Text of={namespace} />
      </h2>
      <label>
        Key
        <input
          type="text"
          className="mono"
          value={key}
          spellCheck={false}
          onChange={event => setKey(event.target.value)}
        />
      </label>
      <JsonField label="Value, as JSON" text={text} onChange={setText} />
      {error !== undefined && <Failure error={error} />}
      <div className="actions">
        <button type="submit" className="primary" disabled={key === '' || problemOf(text) !== undefined}>
          Store
        </button>
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </form>
  )
}
