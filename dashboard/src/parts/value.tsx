import { useState } from 'react'
import type { Json } from '../api/answers.ts'
import { bytes, plural } from './numbers.ts'
import { Text } from './text.tsx'

/** How much of a value is in the page before somebody asks for more: entries of a list, characters of a text. */
const most = { entries: 100, characters: 20_000, open: 3 }

/** A value of the store: JSON as a tree that folds, a text as its lines. */
export function Value({ of }: { of: Json | undefined }) {
  if (of === undefined) return <span className="faint">nothing</span>
  return (
    <div className="value">{typeof of === 'string' ? <LongText of={of} /> : <Node of={of} depth={0} />}</div>
  )
}

/** The JSON of a record, as the server has sent it. */
export function Raw({ of }: { of: unknown }) {
  return (
    <div className="value">
      <LongText of={JSON.stringify(of, null, 2)} />
    </div>
  )
}

function LongText({ of }: { of: string }) {
  const [shown, show] = useState(most.characters)
  const rest = of.length - shown
  return (
    <>
      <pre>
        <Text of={rest > 0 ? of.slice(0, shown) : of} isWhole />
      </pre>
      {rest > 0 && (
        <button type="button" onClick={() => show(shown + 5 * most.characters)}>
          {bytes(rest)} more
        </button>
      )}
    </>
  )
}

interface NodeProps {
  readonly of: Json
  readonly depth: number
  readonly name?: string
}

function Node({ of, depth, name }: NodeProps) {
  if (typeof of !== 'object' || of === null) {
    return (
      <div className="leaf">
        {name !== undefined && <Name of={name} />}
        <Leaf of={of} />
      </div>
    )
  }
  return <Branch of={of} depth={depth} {...(name !== undefined && { name })} />
}

function Branch({ of, depth, name }: NodeProps & { of: Json[] | { [key: string]: Json } }) {
  const entries = Object.entries(of)
  const [isOpen, open] = useState(depth < most.open && entries.length <= most.entries)
  const [shown, show] = useState(most.entries)
  const noun = Array.isArray(of) ? 'item' : 'field'
  return (
    <details open={isOpen} onToggle={event => open(event.currentTarget.open)}>
      <summary>
        {name !== undefined && <Name of={name} />}
        <span className="faint">
          {Array.isArray(of) ? '[ ]' : '{ }'} {plural(entries.length, noun)}
        </span>
      </summary>
      {isOpen && (
        <div className="branch">
          {entries.slice(0, shown).map(([key, value]) => (
            <Node key={key} of={value} depth={depth + 1} name={key} />
          ))}
          {entries.length > shown && (
            <button type="button" onClick={() => show(shown + 5 * most.entries)}>
              {plural(entries.length - shown, noun)} more
            </button>
          )}
        </div>
      )}
    </details>
  )
}

function Name({ of }: { of: string }) {
  return (
    <span className="name">
      <Text of={of} />:{' '}
    </span>
  )
}

function Leaf({ of }: { of: string | number | boolean | null }) {
  if (typeof of !== 'string') return <span className={of === null ? 'faint' : 'scalar'}>{String(of)}</span>
  if (of.includes('\n') || of.length > 300) return <LongText of={of} />
  return (
    <span className="string">
      “<Text of={of} isWhole />”
    </span>
  )
}
