/**
 * Decides whether what several processes saw of one object could have come from the object itself, with each call
 * taking effect at one moment between its start and its end (Herlihy and Wing's linearizability). The search is
 * that of Wing and Gong, in the order of Lowe's "just in time": a call is given its place only when one that ends
 * needs it, and no state of the search is visited twice. Objects that do not touch each other, as keys, are checked
 * one by one: a history is linearizable when that of each is.
 */

/** A call as its process saw it. Times are of one clock that all processes share. */
export interface Operation<Input, Output> {
  readonly process: string
  readonly input: Input
  readonly output: Output
  readonly startNs: bigint
  readonly endNs: bigint
}

/** How the object behaves when nobody disturbs. States are JSON, and the same state is the same JSON. */
export interface Specification<State, Input, Output> {
  readonly initial: State
  /** The state after a call that had this output, or undefined when it cannot have it in this state. */
  step(state: State, input: Input, output: Output): State | undefined
}

/** A call that fits nowhere. */
export interface Violation<State, Input, Output> {
  readonly operation: Operation<Input, Output>
  /** The states that the object can have been in before it. */
  readonly states: readonly State[]
}

/** One way in which the calls so far can have taken effect. */
interface Configuration<State, Op> {
  readonly state: State
  /** Calls that have taken effect, and have not ended yet. */
  readonly done: ReadonlySet<Op>
}

/** The first call, by its end, that no order explains; undefined when the history is linearizable. */
export function findViolation<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  specification: Specification<State, Input, Output>,
): Violation<State, Input, Output> | undefined {
  type Op = Operation<Input, Output>
  const numbers = new Map(history.map((op, i) => [op, i]))
  const keyOf = ({ state, done }: Configuration<State, Op>) =>
    `${JSON.stringify(state)} ${[...done].map(op => numbers.get(op)).sort()}`
  const pending = new Set<Op>()
  let configurations: Configuration<State, Op>[] = [{ state: specification.initial, done: new Set() }]

  for (const { op, isStart } of moments(history)) {
    if (isStart) {
      pending.add(op)
      continue
    }
    const next = new Map<string, Configuration<State, Op>>()
    const visited = new Set<string>()
    const visit = (configuration: Configuration<State, Op>) => {
      const settled = withReads(configuration, pending, specification)
      const key = keyOf(settled)
      if (visited.has(key)) return
      visited.add(key)
      if (settled.done.has(op)) {
        const rest = { state: settled.state, done: new Set([...settled.done].filter(other => other !== op)) }
        next.set(keyOf(rest), rest)
      } else {
        for (const following of successors(settled, pending, specification)) visit(following)
      }
    }
    for (const configuration of configurations) visit(configuration)
    if (next.size === 0) return { operation: op, states: configurations.map(({ state }) => state) }
    pending.delete(op)
    configurations = [...next.values()]
  }
  return undefined
}

/** Starts and ends in the order of time; of those at the same moment the starts first, as calls that overlap. */
function moments<Op extends { startNs: bigint; endNs: bigint }>(history: readonly Op[]) {
  const all = history.flatMap(op => [
    { op, isStart: true, at: op.startNs },
    { op, isStart: false, at: op.endNs },
  ])
  return all.sort((a, b) => (a.at === b.at ? Number(b.isStart) - Number(a.isStart) : a.at < b.at ? -1 : 1))
}

/** Calls that change nothing and fit now lose nothing by taking effect now: only the others need to be tried. */
function withReads<State, Input, Output>(
  { state, done }: Configuration<State, Operation<Input, Output>>,
  pending: ReadonlySet<Operation<Input, Output>>,
  { step }: Specification<State, Input, Output>,
): Configuration<State, Operation<Input, Output>> {
  const text = JSON.stringify(state)
  const fits = (op: Operation<Input, Output>) => JSON.stringify(step(state, op.input, op.output)) === text
  return { state, done: new Set([...done, ...[...pending].filter(op => !done.has(op) && fits(op))]) }
}

/** Each way in which one more call can take effect. */
function successors<State, Input, Output>(
  { state, done }: Configuration<State, Operation<Input, Output>>,
  pending: ReadonlySet<Operation<Input, Output>>,
  { step }: Specification<State, Input, Output>,
): Configuration<State, Operation<Input, Output>>[] {
  const following: Configuration<State, Operation<Input, Output>>[] = []
  for (const op of pending) {
    const after = done.has(op) ? undefined : step(state, op.input, op.output)
    if (after !== undefined) following.push({ state: after, done: new Set([...done, op]) })
  }
  return following
}
