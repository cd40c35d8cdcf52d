import { useLayoutEffect, useRef } from 'react'
import { isTyping } from '../parts/typing.ts'
import { change, go, useAddress } from '../url.ts'
import { usePlaces } from './places.ts'

/** How long `g` waits for the letter of a place, in milliseconds. */
const chordMs = 1_500

/** The keys that work everywhere. */
export function useKeys(open: (what: 'palette' | 'help') => void): void {
  const places = usePlaces()
  const { place } = useAddress()
  const chordUntil = useRef(0)
  // Before the browser paints: whoever sees the page can use its keys.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        return open('palette')
      }
      if (isTyping(event)) return
      if (event.timeStamp < chordUntil.current) {
        chordUntil.current = 0
        const found = places.find(({ key }) => key === event.key)
        if (found !== undefined) {
          event.preventDefault()
          return go(found.id)
        }
      }
      if (event.key === 'g') chordUntil.current = event.timeStamp + chordMs
      else if (event.key === '?') open('help')
      else if (event.key === '/') {
        event.preventDefault()
        const field = document.querySelector<HTMLElement>('[data-filter]')
        if (field === null) open('palette')
        else field.focus()
      } else if (event.key === 'Escape') document.querySelector<HTMLElement>('[data-close]')?.click()
      else if (event.key === 't' && place === 'tasks') change({ view: undefined })
      else if (event.key === 'b' && place === 'tasks') change({ view: 'board' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [places, open, place])
}
