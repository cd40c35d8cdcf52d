import { type ReactNode, useEffect, useRef } from 'react'

interface DialogProps {
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly className?: string
}

/** The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog({ label, onClose, children, className = '' }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={element}
      aria-label={label}
      className={className}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={event => event.stopPropagation()}
      onClick={event => {
        if (event.target === element.current) onClose()
      }}
    >
      {children}
    </dialog>
  )
}
