import { type ComponentType, useMemo } from 'react'
import { useMay } from '../api/access.tsx'
import type { OperationName } from '../api/answers.ts'
import type { IconName } from '../parts/icon.tsx'
import { Agents } from '../places/agents/agents.tsx'
import { Events } from '../places/events/events.tsx'
import { MemoryPlace } from '../places/memory/memory.tsx'
import { Now } from '../places/now/now.tsx'
import { Tasks } from '../places/tasks/tasks.tsx'

export interface Place {
  /** Its word in the address. */
  readonly id: string
  readonly title: string
  /** After `g`. */
  readonly key: string
  readonly icon: IconName
  /** The question that it answers. */
  readonly question: string
  /** What it cannot do without: who may not is not offered it. */
  readonly needs: OperationName
  readonly Component: ComponentType
}

const places: readonly Place[] = [
  {
    id: 'now',
    title: 'Now',
    key: 'n',
    icon: 'now',
    question: 'What needs a person first?',
    needs: 'tasks.counts',
    Component: Now,
  },
  {
    id: 'tasks',
    title: 'Tasks',
    key: 't',
    icon: 'tasks',
    question: 'What is to be done, by whom, and how does it go?',
    needs: 'tasks.list',
    Component: Tasks,
  },
  {
    id: 'memory',
    title: 'Memory',
    key: 'm',
    icon: 'memory',
    question: 'What is known, who wrote it, and what was it before?',
    needs: 'kv.search',
    Component: MemoryPlace,
  },
  {
    id: 'agents',
    title: 'Agents',
    key: 'a',
    icon: 'agents',
    question: 'Who is alive, what does each do, and what would it be told?',
    needs: 'agents.list',
    Component: Agents,
  },
  {
    id: 'events',
    title: 'Events',
    key: 'e',
    icon: 'events',
    question: 'What has happened, and what happens now?',
    needs: 'events.list',
    Component: Events,
  },
]

/** The places that who is signed in may see. */
export function usePlaces(): readonly Place[] {
  const may = useMay()
  // biome-ignore lint/correctness/useExhaustiveDependencies: what somebody may does not change while they are signed in
  return useMemo(() => places.filter(({ needs }) => may(needs)), [])
}
