import { useSyncExternalStore } from 'react'

/** What a person has chosen for this browser. */
export interface Prefs {
  readonly theme: 'system' | 'light' | 'dark'
  readonly time: 'relative' | 'local' | 'utc'
}

const choices: { readonly [Name in keyof Prefs]: readonly Prefs[Name][] } = {
  theme: ['system', 'light', 'dark'],
  time: ['relative', 'local', 'utc'],
}

const listeners = new Set<() => void>()
let prefs: Prefs = { theme: stored('theme'), time: stored('time') }

function stored<Name extends keyof Prefs>(name: Name): Prefs[Name] {
  const value = localStorage.getItem(`hivewax.${name}`)
  const known: readonly Prefs[Name][] = choices[name]
  return known.find(choice => choice === value) ?? (known[0] as Prefs[Name])
}

/** Takes the next of the choices there are. */
export function nextChoice(name: keyof Prefs): void {
  const known: readonly string[] = choices[name]
  const next = known[(known.indexOf(prefs[name]) + 1) % known.length] as string
  localStorage.setItem(`hivewax.${name}`, next)
  prefs = { ...prefs, [name]: next }
  if (name === 'theme') document.documentElement.dataset.theme = next
  for (const listener of listeners) listener()
}

export function usePrefs(): Prefs {
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return useSyncExternalStore(subscribe, () => prefs)
}
