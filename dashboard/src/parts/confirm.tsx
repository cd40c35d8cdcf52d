import { type ReactNode, useState } from 'react'
import { Dialog } from './dialog.tsx'

interface ConfirmProps {
  readonly action: string
  /** What it would change. */
  readonly children: ReactNode
  readonly onConfirm: () => void
}

/** A button of an action that shows first what it would change. */
export function Confirm({ action, children, onConfirm }: ConfirmProps) {
  const [isAsking, ask] = useState(false)
  return (
    <>
      <button type="button" onClick={() => ask(true)}>
        {action}…
      </button>
      {isAsking && (
        <Dialog label={action} onClose={() => ask(false)}>
          <h2>{action}</h2>
          <div className="dialog-text">{children}</div>
          <div className="actions">
            <button
              type="button"
              className="primary"
              onClick={() => {
                ask(false)
                onConfirm()
              }}
            >
              {action}
            </button>
            <button type="button" onClick={() => ask(false)}>
              Leave it
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}
