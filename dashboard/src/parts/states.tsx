import type { ReactNode } from 'react'
import { ApiError } from '../api/call.ts'
import { Text } from './text.tsx'

/** What would be here, and the command that puts something there. */
export function Empty({ children, command }: { children: ReactNode; command?: string | undefined }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {command !== undefined && <code>{command}</code>}
    </div>
  )
}

/** What failed, beside what is shown already. */
export function Failure({ error }: { error: Error }) {
  const isRefusal = error instanceof ApiError
  return (
    <div className="failure" role="alert">
      <Text
        of={isRefusal ? error.message : 'The server does not answer. It is asked again by itself.'}
        isWhole
      />
      {isRefusal && error.hint !== undefined && (
        <p>
          <Text of={error.hint} isWhole />
        </p>
      )}
    </div>
  )
}

/** Shown only when it takes so long that one would wonder. */
export function Loading() {
  return (
    <div className="loading" role="status" aria-label="Loading">
      <i />
      <i />
      <i />
    </div>
  )
}

interface AnswerProps<T> {
  readonly result: { data: T | undefined; error: Error | null }
  readonly children: (data: T) => ReactNode
}

/** An answer as soon as there is one; a later failure leaves it on the screen. */
export function Answer<T>({ result: { data, error }, children }: AnswerProps<T>) {
  return (
    <>
      {error !== null && <Failure error={error} />}
      {data !== undefined ? children(data) : error === null && <Loading />}
    </>
  )
}
