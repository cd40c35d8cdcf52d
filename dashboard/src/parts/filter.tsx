import { useEffect, useState } from 'react'
import { change, useAddress } from '../url.ts'
import { Icon } from './icon.tsx'

/** A filter as people write it: `status:failed by:codex-1 words`. */
export interface Filter {
  readonly qualifiers: Readonly<Record<string, string>>
  readonly words: string
}

export function readFilter(text: string): Filter {
  const qualifiers: Record<string, string> = {}
  const words: string[] = []
  for (const [whole, name, quoted, plain] of text.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quoted ?? plain ?? ''
    if (name === undefined) words.push(value)
    else if (value !== '') qualifiers[name] = value
    else words.push(whole)
  }
  return { qualifiers, words: words.join(' ') }
}

function writeFilter({ qualifiers, words }: Filter): string {
  const written = Object.entries(qualifiers).map(([name, value]) =>
    /\s/.test(value) ? `${name}:"${value}"` : `${name}:${value}`,
  )
  return [...written, words].filter(Boolean).join(' ')
}

/** How long it waits for somebody who types, in milliseconds. */
const typingMs = 250

interface FilterBarProps {
  readonly label: string
  readonly placeholder: string
  /** Qualifiers that are worth a click, with how many there are. */
  readonly suggestions?: readonly { qualifier: string; count?: string | undefined }[]
}

/** The filter of a place, which is in its address as `q`. */
export function FilterBar({ label, placeholder, suggestions = [] }: FilterBarProps) {
  const { q = '' } = useAddress().params
  const [text, setText] = useState(q)
  useEffect(() => setText(q), [q])
  useEffect(() => {
    if (text === q) return
    const timer = setTimeout(() => change({ q: text || undefined }, { isReplacing: true }), typingMs)
    return () => clearTimeout(timer)
  }, [text, q])
  const { qualifiers, words } = readFilter(q)
  const toggle = (qualifier: string) => {
    const [name = '', value = ''] = qualifier.split(':')
    const { [name]: before, ...others } = qualifiers
    const next = before === value ? others : { ...others, [name]: value }
    change({ q: writeFilter({ qualifiers: next, words }) || undefined })
  }
  return (
    <search className="filter">
      <label className="filter-field">
        <Icon name="search" />
        <input
          type="text"
          aria-label={label}
          placeholder={placeholder}
          value={text}
          spellCheck={false}
          autoComplete="off"
          data-filter
          onChange={event => setText(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') event.currentTarget.blur()
          }}
        />
        <kbd>/</kbd>
      </label>
      {suggestions.length > 0 && (
        <div className="chips">
          {suggestions.map(({ qualifier, count }) => {
            const [name = '', value = ''] = qualifier.split(':')
            return (
              <button
                type="button"
                key={qualifier}
                className="chip"
                aria-pressed={qualifiers[name] === value}
                onClick={() => toggle(qualifier)}
              >
                {value}
                {count !== undefined && <b>{count}</b>}
              </button>
            )
          })}
        </div>
      )}
    </search>
  )
}
