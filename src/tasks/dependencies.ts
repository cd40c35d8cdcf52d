import { InvalidInput } from '../errors.ts'

/**
 * What becomes of a task when one it depends on fails, dies or is cancelled: `fail` ends it the same way (failed,
 * or cancelled after a cancel), `skip` cancels it, `ignore` lets it run as if the other had completed.
 */
export const failurePolicies = ['fail', 'skip', 'ignore'] as const

export type OnFailure = (typeof failurePolicies)[number]

/** A task that another waits for. */
export interface Dependency {
  id: string
  /** Default `fail`. */
  onFailure?: OnFailure | undefined
}

/** What the end of a parent does to a task that waits for it: `ready` means that it waits for one parent less. */
export function effectOf(parentStatus: string, onFailure: OnFailure): 'ready' | 'failed' | 'cancelled' {
  if (parentStatus === 'completed' || onFailure === 'ignore') return 'ready'
  return onFailure === 'fail' && parentStatus !== 'cancelled' ? 'failed' : 'cancelled'
}

/**
 * Refuses tasks that wait for each other in a circle, naming it. Of new tasks only those of one batch can: an edge leads
 * to a task that exists already or is created along.
 * @param parents the ids that each task of the batch waits for, by its id
 * @param how they are in a circle, for the error
 */
export function checkAcyclic(
  parents: ReadonlyMap<string, readonly string[]>,
  how = 'depend on each other',
): void {
  const done = new Set<string>()
  for (const start of parents.keys()) {
    const cycle = done.has(start) ? undefined : findCycle(start, parents, done)
    if (cycle === undefined) continue
    throw new InvalidInput(`the tasks ${how} in a circle: ${cycle.join(' → ')}`, {
      hint: 'Leave out one of these steps. Nothing of the batch was created.',
      details: { cycle },
    })
  }
}

/** Walks upwards depth first, without recursion: a chain may be as long as the batch. */
function findCycle(
  start: string,
  parents: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | undefined {
  const path = [start]
  const onPath = new Set(path)
  const rest = [[...(parents.get(start) ?? [])]]
  for (;;) {
    const next = rest.at(-1)?.pop()
    if (next !== undefined && onPath.has(next)) return [...path.slice(path.indexOf(next)), next]
    if (next !== undefined && !done.has(next) && parents.has(next)) {
      path.push(next)
      onPath.add(next)
      rest.push([...(parents.get(next) ?? [])])
    } else if (next === undefined) {
      const finished = path.pop()
      if (finished === undefined) return undefined
      rest.pop()
      onPath.delete(finished)
      done.add(finished)
    }
  }
}
