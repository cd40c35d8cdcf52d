import { useEffect, useSyncExternalStore } from 'react'
import { Failure } from './states.tsx'

interface Toast {
  readonly text: string
  readonly error?: Error
  readonly undo?: () => Promise<unknown>
}

const shownMs = 10_000

let current: Toast | undefined
const listeners = new Set<() => void>()

export function toast(next: Toast | undefined): void {
  current = next
  for (const listener of listeners) listener()
}

/** Does something that a person asked for, and says how it went. */
export async function act(work: () => Promise<unknown>, done: Toast): Promise<boolean> {
  try {
    await work()
    toast(done)
    return true
  } catch (error) {
    toast({ text: 'That did not work.', error: error as Error })
    return false
  }
}

export function Toaster() {
  const shown = useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
  useEffect(() => {
    if (shown === undefined || shown.error !== undefined) return
    const timer = setTimeout(() => toast(undefined), shownMs)
    return () => clearTimeout(timer)
  }, [shown])
  return (
    <div className="toaster" aria-live="polite">
      {shown !== undefined && <ToastBox {...shown} />}
    </div>
  )
}

function ToastBox({ text, error, undo }: Toast) {
  return (
    <div className="toast">
      {error === undefined ? <span>{text}</span> : <Failure error={error} />}
      {undo !== undefined && (
        <button type="button" onClick={() => void act(undo, { text: 'Undone.' })}>
          Undo
        </button>
      )}
      <button type="button" onClick={() => toast(undefined)}>
        Dismiss
      </button>
    </div>
  )
}
