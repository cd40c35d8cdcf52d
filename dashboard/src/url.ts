import { useSyncExternalStore } from 'react'

/**
 * The place that is shown, and its filters and selection. They are in the fragment of the address, so that they can be
 * kept and sent, work under any path of a proxy, and are in no log of a server.
 */
export interface Address {
  readonly place: string
  readonly params: Readonly<Record<string, string>>
}

type Params = Readonly<Record<string, string | undefined>>

function read(hash: string): Address {
  const [, place = 'now', query = ''] = /^#\/([a-z]*)(?:\?(.*))?$/.exec(hash) ?? []
  return { place, params: Object.fromEntries(new URLSearchParams(query)) }
}

let current = { hash: location.hash, address: read(location.hash) }

function address(): Address {
  if (current.hash !== location.hash) current = { hash: location.hash, address: read(location.hash) }
  return current.address
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, address)
}

/** The address of a place, as a link has it. */
export function hrefOf(place: string, params: Params = {}): string {
  const given = Object.entries(params).filter((entry): entry is [string, string] => !!entry[1])
  const query = new URLSearchParams(given).toString()
  return query === '' ? `#/${place}` : `#/${place}?${query}`
}

export function go(place: string, params: Params = {}): void {
  location.hash = hrefOf(place, params)
}

/** Changes filters or the selection of the place that is shown; undefined takes one out. */
export function change(params: Params, { isReplacing = false } = {}): void {
  const { place, params: before } = address()
  const href = hrefOf(place, { ...before, ...params })
  if (href === location.hash) return
  if (isReplacing) {
    history.replaceState(null, '', href)
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  } else location.hash = href
}
