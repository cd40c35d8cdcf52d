import { useQuery } from '@tanstack/react-query'
import { useCallback, useState, useSyncExternalStore } from 'react'
import { AccessProvider } from '../api/access.tsx'
import { hello } from '../api/call.ts'
import { client, useLiveAnswers } from '../api/query.ts'
import { session } from '../api/session.ts'
import { Failure, Loading } from '../parts/states.tsx'
import { Toaster } from '../parts/toast.tsx'
import { useAddress } from '../url.ts'
import { Help } from './help.tsx'
import { useKeys } from './keys.ts'
import { Palette } from './palette.tsx'
import { usePlaces } from './places.ts'
import { Rail } from './rail.tsx'
import { SignIn } from './sign-in.tsx'
import { TopBar } from './top-bar.tsx'

/** The dashboard, for who is signed in. @param why why a link did not sign anybody in */
export function App({ why }: { why: string | undefined }) {
  const token = useSyncExternalStore(session.subscribe, session.token)
  if (token === undefined) {
    client.clear()
    return <SignIn why={why} />
  }
  return <SignedIn key={token} />
}

function SignedIn() {
  const { data, error } = useQuery({ queryKey: ['hello'], queryFn: hello, refetchInterval: false })
  if (data !== undefined)
    return (
      <AccessProvider hello={data}>
        <Frame />
      </AccessProvider>
    )
  return <main className="sign-in">{error === null ? <Loading /> : <Failure error={error} />}</main>
}

function Frame() {
  useLiveAnswers()
  const [opened, open] = useState<'palette' | 'help'>()
  const close = useCallback(() => open(undefined), [])
  useKeys(open)
  const { place } = useAddress()
  const places = usePlaces()
  const shown = places.find(({ id }) => id === place) ?? places[0]
  return (
    <div className="frame">
      <TopBar onSearch={() => open('palette')} />
      <Rail />
      <main className="place">
        {shown === undefined ? <p>This token may see nothing here.</p> : <shown.Component key={shown.id} />}
      </main>
      <Toaster />
      {opened === 'palette' && <Palette onClose={close} />}
      {opened === 'help' && <Help onClose={close} />}
    </div>
  )
}
