import { useEffect, useState } from 'react'
import { useMay } from '../api/access.tsx'
import type { Answers } from '../api/answers.ts'
import { useAnswer } from '../api/query.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Text } from '../parts/text.tsx'
import { nextChoice } from '../prefs.ts'
import { go, hrefOf } from '../url.ts'
import { usePlaces } from './places.ts'

interface Choice {
  readonly id: string
  readonly kind: string
  readonly text: string
  readonly run: () => void
}

const typingMs = 200

/** One field for everything: places, what can be set, and what the store holds. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const choices = useChoices(text)
  const chosen = Math.min(at, choices.length - 1)
  const run = (choice: Choice | undefined) => {
    if (choice === undefined) return
    onClose()
    choice.run()
  }
  return (
    <Dialog label="Go to, or search" onClose={onClose} className="palette">
      <input
        autoFocus
        type="text"
        role="combobox"
        aria-label="Go to, or search"
        aria-expanded="true"
        aria-controls="choices"
        aria-activedescendant={choices[chosen]?.id}
        placeholder="Go to a place, or search memory, tasks and events"
        value={text}
        spellCheck={false}
        onChange={event => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={event => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, choices.length - 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0))
          else if (event.key === 'Enter') run(choices[chosen])
          else return
          event.preventDefault()
        }}
      />
      <div role="listbox" id="choices" aria-label="Choices" className="choices" tabIndex={-1}>
        {choices.map((choice, i) => (
          <div
            role="option"
            key={choice.id}
            id={choice.id}
            aria-selected={i === chosen}
            tabIndex={-1}
            onClick={() => run(choice)}
            onKeyDown={undefined}
          >
            <span className="faint">{choice.kind}</span>
            <Text of={choice.text} />
          </div>
        ))}
      </div>
    </Dialog>
  )
}

function useChoices(text: string): readonly Choice[] {
  const places = usePlaces()
  const may = useMay()
  const [searched, search] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => search(text.trim()), typingMs)
    return () => clearTimeout(timer)
  }, [text])
  const isSearch = searched.length > 1 && may('find.find')
  const found = useAnswer('find.find', { text: searched, limit: 20 }, { enabled: isSearch, once: true })
  const fixed: Choice[] = [
    ...places.map(({ id, title, question }) => ({
      id: `place-${id}`,
      kind: 'Go to',
      text: `${title} – ${question}`,
      run: () => go(id),
    })),
    { id: 'set-theme', kind: 'Set', text: 'Theme: the next one', run: () => nextChoice('theme') },
    { id: 'set-time', kind: 'Set', text: 'Times: the next way', run: () => nextChoice('time') },
  ]
  const matching = fixed.filter(choice => choice.text.toLowerCase().includes(text.trim().toLowerCase()))
  return [...matching, ...(isSearch ? (found.data?.items ?? []) : []).map(choiceOf)]
}

function choiceOf(found: Answers['find.find']['items'][number], i: number): Choice {
  const [kind, name, href] = addressOf(found)
  return {
    id: `found-${i}`,
    kind,
    text: `${name}  ${found.snippet}`,
    run: () => {
      location.hash = href
    },
  }
}

function addressOf(found: Answers['find.find']['items'][number]): [kind: string, name: string, href: string] {
  switch (found.in) {
    case 'memory':
      return ['Memory', found.key, hrefOf('memory', { ns: found.namespace, key: found.key })]
    case 'tasks':
      return ['Task', found.status, hrefOf('tasks', { id: found.id })]
    case 'events':
      return ['Event', found.type, hrefOf('events', { id: String(found.id) })]
    case 'agent_memory':
      return ['Agent', found.agentId, hrefOf('agents', { id: found.agentId, tab: 'Memory' })]
    case 'patterns':
      return ['Pattern', found.type, hrefOf('now')]
  }
}
