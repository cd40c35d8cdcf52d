/** The tab's own place: another tab signs in by itself, and what is closed is forgotten. */
const place = 'hivewax.token'

type Listener = () => void
const listeners = new Set<Listener>()

/** The token of this tab, which callers of the server are known by. */
export const session = {
  token: (): string | undefined => sessionStorage.getItem(place) ?? undefined,
  begin(token: string): void {
    sessionStorage.setItem(place, token)
    for (const listener of listeners) listener()
  },
  end(): void {
    sessionStorage.removeItem(place)
    for (const listener of listeners) listener()
  },
  subscribe(listener: Listener): Listener {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

/**
 * Takes the code of a link out of the address, before anything else can see it, and exchanges it for a token.
 * @returns why that failed
 */
export async function followLink(): Promise<string | undefined> {
  const [, code] = /^#code=([\w-]+)$/.exec(location.hash) ?? []
  if (code === undefined) return undefined
  history.replaceState(null, '', `${location.pathname}#/now`)
  const headers = { 'content-type': 'application/json' }
  try {
    const response = await fetch('v1/sign-in', { method: 'POST', headers, body: JSON.stringify({ code }) })
    const answer = await response.json()
    if (!response.ok) return `${answer.error.message}. ${answer.error.hint ?? ''}`
    session.begin(answer.token)
    return undefined
  } catch {
    return 'The server does not answer.'
  }
}
