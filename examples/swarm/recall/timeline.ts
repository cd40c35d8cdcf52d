/** A stretch of time in which an agent worked, in milliseconds since the start of the run. */
export interface Stretch {
  agent: string
  from: number
  to: number
  /** True when it ended with the death of the agent. */
  died: boolean
}

interface TimedEvent {
  type: string
  source: string
  data: unknown
  timestamp: Date
}

/** When each agent worked, by the events of its tasks: from each claim to the completion, or to its death. */
export function stretches(events: readonly TimedEvent[], startMs: number): Stretch[] {
  const done: Stretch[] = []
  const open = new Map<string, Stretch>()
  for (const { type, source, data, timestamp } of events) {
    const { taskId = '', agent = source } = data as { taskId?: string; agent?: string }
    const at = timestamp.getTime() - startMs
    if (type === 'task.claimed') open.set(taskId, { agent, from: at, to: at, died: false })
    const stretch = open.get(taskId)
    if (stretch?.agent !== agent || !['task.completed', 'process.killed'].includes(type)) continue
    open.delete(taskId)
    done.push({ ...stretch, to: at, died: type === 'process.killed' })
  }
  return done
}

/** One agent's line of the timeline: a block for each moment in which it worked, a cross for its death. */
export function track(stretches: readonly Stretch[], totalMs: number, width: number): string {
  const cells = Array.from({ length: width }, () => '·')
  const cellOf = (ms: number) => Math.min(width - 1, Math.max(0, Math.floor((ms / totalMs) * width)))
  for (const { from, to, died } of stretches) {
    cells.fill('█', cellOf(from), cellOf(to) + 1)
    if (died) cells[cellOf(to)] = '✗'
  }
  return cells.join('')
}
