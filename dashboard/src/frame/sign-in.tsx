import { type SubmitEvent, useState } from 'react'
import { session } from '../api/session.ts'

/** Asks for a token where no link has brought one. */
export function SignIn({ why }: { why: string | undefined }) {
  const [token, setToken] = useState('')
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (token.trim() !== '') session.begin(token.trim())
  }
  return (
    <main className="sign-in">
      <h1>hivewax</h1>
      {why !== undefined && (
        <p className="failure" role="alert">
          {why}
        </p>
      )}
      <p>
        <code>hivewax ui</code> opens this page signed in. With a token of <code>hivewax token create</code>,
        or that of the owner, sign in here; it stays in this tab.
      </p>
      <form onSubmit={submit}>
        <label>
          Token
          <input
            type="password"
            value={token}
            autoComplete="off"
            spellCheck={false}
            onChange={event => setToken(event.target.value)}
          />
        </label>
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </main>
  )
}
