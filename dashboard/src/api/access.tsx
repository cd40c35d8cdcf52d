import { operations } from 'virtual:operations'
import { createContext, type ReactNode, useContext } from 'react'
import type { Hello, OperationName } from './answers.ts'

const Access = createContext<Hello | undefined>(undefined)

export function AccessProvider({ hello, children }: { hello: Hello; children: ReactNode }) {
  return <Access value={hello}>{children}</Access>
}

/** What the server said of itself, and of who is signed in. */
export function useHello(): Hello {
  const hello = useContext(Access)
  if (hello === undefined) throw new Error('nobody is signed in')
  return hello
}

/** Whether who is signed in may call an operation, and the store lets it. */
export function useMay(): (name: OperationName) => boolean {
  const { permissions, store } = useHello()
  return name => {
    const { permission, effect } = operations[name]
    const isLetIn = permissions.includes(permission) || permissions.includes('admin')
    return isLetIn && (effect === 'read' || !store.isReadOnly)
  }
}
