import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { priorities } from '../../src/tasks/claim-order.ts'
import { failurePolicies } from '../../src/tasks/dependencies.ts'
import type { NewTask } from '../../src/tasks/new-task.ts'
import { TestClock } from '../support/clock.ts'
import { isFinal, type ModelTask, TaskModel } from '../support/task-model.ts'
import { conform } from './conform.ts'

const hourMs = 3_600_000
const leaseMs = 100

/** Numbers stand for one of the tasks, or of the claims, that there are by then. */
const pick = fc.nat(1_000)
const is = <T extends string>(name: T) => fc.constant(name)
const someNewTask = fc.record({
  priority: fc.constantFrom(...priorities),
  requires: fc.constantFrom(undefined, undefined, 'a', 'b'),
  parents: fc.array(fc.record({ pick, onFailure: fc.constantFrom(...failurePolicies) }), { maxLength: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  delayMs: fc.constantFrom(undefined, undefined, 0, 50, hourMs),
  hasKey: fc.boolean(),
})
const someCommand = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: is('create'), batch: fc.array(someNewTask, { minLength: 1, maxLength: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: is('claim'),
      capabilities: fc.constantFrom([], ['a'], ['a', 'b']),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: is('complete'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: is('fail'), pick, retry: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('release', 'heartbeat'), pick }) },
  {
    // Of many claims at once, lest the former ones of tasks that were claimed again are seldom among them.
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('completeMany', 'completeMany', 'heartbeatMany'),
      picks: fc.array(pick, { minLength: 2, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: is('again'), pick, isSame: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('cancel', 'redrive', 'redrive', 'delete'), pick }),
  },
  { weight: 2, arbitrary: fc.record({ do: is('advance'), ms: fc.constantFrom(1, 60, 99, 2_000, hourMs) }) },
  { weight: 1, arbitrary: fc.record({ do: is('wall'), ms: fc.constantFrom(-24 * hourMs, 24 * hourMs) }) },
  { weight: 1, arbitrary: fc.record({ do: is('reboot') }) },
)
type Command = typeof someCommand extends fc.Arbitrary<infer C> ? C : never

/** Many short stories, which meet every pair of commands, and some long ones, which meet deep graphs. */
const stories = [
  { name: 'short', maxLength: 8, most: 1_800 },
  { name: 'long', maxLength: 50, most: 200 },
]

conform('task model', (open, times) => {
  for (const { name, maxLength, most } of stories) {
    it(`behaves as its model through many ${name} stories`, async () => {
      const clock = new TestClock()
      const memory = await open({ clock, durability: 'normal' })
      let startMs = clock.now()
      const commands = fc.array(someCommand, { maxLength, size: 'max' })
      const property = fc.asyncProperty(commands, async list => {
        startMs += 10_000
        clock.setWall(startMs)
        await memory.execute('delete from tasks')
        await memory.execute('delete from events')
        const [floor] = await memory.query("select value from hivewax_counters where name = 'floor'")
        const run = new Run(memory, clock, Number(floor?.value))
        for (const command of list) {
          await run.step(command)
          await run.compare()
        }
        await run.drain()
      })
      await fc.assert(property, { numRuns: times(most) })
    })
  }
})

/** Does the same to the store and to the model, and holds what they answer against each other. */
class Run {
  readonly #memory: Memory
  readonly #clock: TestClock
  readonly #model: TaskModel
  /** Every claim that was ever given, stale ones too. */
  readonly #claims: { id: string; token: number }[] = []
  /** What was passed for each task that has an idempotency key. */
  readonly #keyed = new Map<string, NewTask>()
  #created = 0

  /** @param floor no token up to it is issued any more */
  constructor(memory: Memory, clock: TestClock, floor: number) {
    this.#memory = memory
    this.#clock = clock
    this.#model = new TaskModel(clock, floor)
  }

  async step(command: Command): Promise<void> {
    switch (command.do) {
      case 'create':
        return this.#create(command.batch)
      case 'claim':
        return this.#claim(command.capabilities, command.limit)
      case 'complete':
      case 'fail':
      case 'release':
      case 'heartbeat':
        return this.#report(command)
      case 'completeMany':
      case 'heartbeatMany':
        return this.#reportMany(command)
      case 'again':
        return this.#createAgain(command)
      case 'cancel':
      case 'redrive':
      case 'delete':
        return this.#steer(command.do, command.pick)
      case 'advance':
        return this.#clock.advance(command.ms)
      case 'wall':
        return this.#clock.setWall(this.#clock.now() + command.ms)
      case 'reboot':
        return this.#clock.reboot()
    }
  }

  /** Every task stands as in the model, and none was lost or made up. */
  async compare(): Promise<void> {
    const { items } = await this.#memory.tasks.list({ limit: 10_000 })
    const found = items.map(task => ({
      id: task.id,
      status: task.status,
      attempts: task.attempts,
      causedBy: task.causedBy !== undefined,
      isDelayed: task.runAt !== undefined,
    }))
    const wanted = [...this.#model.tasks.values()].map(task => ({
      id: task.id,
      status: this.#model.statusOf(task),
      attempts: task.attempts,
      causedBy: task.causedBy !== undefined,
      isDelayed: task.runAtMs !== undefined,
    }))
    expect(found).toEqual(wanted.sort((a, b) => (a.id < b.id ? -1 : 1)))
  }

  /** Nothing waits for ever: by claiming and completing whatever there is, every task comes to an end. */
  async drain(): Promise<void> {
    const rounds = 10 * (this.#model.tasks.size + 1)
    for (let round = 0; round < rounds && this.#open > 0; round++) {
      // Further than the wall clock can have been set back, which delays follow.
      this.#clock.advance(100 * 24 * hourMs)
      await this.#claim(['a', 'b'], 4)
      for (let back = 0; back < 4; back++)
        await this.#report({ do: 'complete', pick: this.#claims.length - 1 - back })
    }
    await this.compare()
    expect(this.#open).toBe(0)
    const { completed } = await this.#memory.tasks.counts()
    const events = await this.#memory.events.list({ types: ['task.completed'], limit: 10_000 })
    const ids = events.items.map(event => (event.data as { taskId: string }).taskId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter(id => this.#model.tasks.has(id))).toHaveLength(completed)
  }

  get #open(): number {
    return [...this.#model.tasks.values()].filter(task => !isFinal(task.status)).length
  }

  async #create(batch: (Command & { do: 'create' })['batch']): Promise<void> {
    const known = [...this.#model.tasks.keys()]
    const tasks = batch.map(({ parents, hasKey, ...task }) => {
      const id = `task-${String(this.#created++).padStart(4, '0')}`
      const edges = new Map(
        known.length === 0 ? [] : parents.map(edge => [known[edge.pick % known.length]!, edge]),
      )
      known.push(id)
      return {
        id,
        ...task,
        parents: [...edges].map(([parent, { onFailure }]) => ({ id: parent, onFailure })),
        idempotencyKey: hasKey ? `key of ${id}` : undefined,
      }
    })
    this.#model.create(tasks)
    const passed = tasks.map(({ parents, requires, ...task }) => ({
      ...task,
      description: task.id,
      dependencies: parents,
      requires: requires === undefined ? [] : [requires],
    }))
    for (const task of passed) if (task.idempotencyKey !== undefined) this.#keyed.set(task.id, task)
    const created = await this.#memory.tasks.createMany(passed)
    expect(created.map(task => task.status)).toEqual(tasks.map(task => this.#model.task(task.id).status))
  }

  /** A key that was used is that task, however it stands, or a conflict; either way nothing changes. */
  async #createAgain({ pick, isSame }: { pick: number; isSame: boolean }): Promise<void> {
    const known = [...this.#keyed].filter(([id]) => this.#model.tasks.has(id))
    const [id, task] = known[pick % known.length] ?? []
    if (id === undefined || task === undefined) return
    const description = isSame ? task.description : 'something else'
    const again = this.#memory.tasks.create({ ...task, description })
    this.#model.createNothing(task.delayMs)
    if (!isSame) return expect(again).rejects.toMatchObject({ code: 'conflict' })
    expect(await again).toMatchObject({ id, status: this.#model.statusOf(this.#model.task(id)) })
  }

  async #claim(capabilities: readonly string[], limit: number): Promise<void> {
    const claimed = await this.#memory.tasks.claim({ agentId: 'w', capabilities, limit, leaseMs })
    const ready = this.#model.ready(capabilities)
    const rankOf = (task: ModelTask) => task.rank
    // Among tasks of the same rank any may come first.
    expect(claimed.map(task => this.#model.task(task.id)).map(rankOf)).toEqual(
      ready.slice(0, limit).map(rankOf),
    )
    for (const { id, token, attempt } of claimed) {
      expect(ready).toContain(this.#model.task(id))
      this.#model.claim(id, leaseMs)
      expect({ token, attempt }).toEqual({
        token: this.#model.task(id).token,
        attempt: this.#model.task(id).attempts,
      })
      this.#claims.push({ id, token })
    }
  }

  /** A holder reports, or somebody who thinks it is one. */
  async #report(command: {
    do: 'complete' | 'release' | 'heartbeat' | 'fail'
    pick: number
    retry?: boolean
  }): Promise<void> {
    const claim = this.#claims[command.pick % this.#claims.length]
    if (claim === undefined) return
    const task = this.#model.tasks.get(claim.id)
    const call = this.#call(command, claim)
    if (task === undefined) return expect(call).rejects.toMatchObject({ code: 'not_found' })
    if (!this.#holds(claim, command.do)) {
      return expect(call).rejects.toMatchObject({
        code: 'stale_token',
        details: { status: task.status, token: task.token },
      })
    }
    await call
    if (command.do === 'complete') this.#model.complete(task)
    if (command.do === 'release') this.#model.release(task)
    if (command.do === 'heartbeat') this.#model.renew(task, leaseMs)
    if (command.do === 'fail') {
      const runAt = (await this.#memory.tasks.get(claim.id))?.runAt
      this.#model.fail(task, command.retry ?? true, runAt?.getTime())
      if (task.status === 'pending') this.#checkDelay(task)
    }
  }

  /** Each wait is at random between half and all of one that doubles with the attempts. */
  #checkDelay({ runAtMs, attempts }: ModelTask): void {
    const fullMs = 1_000 * 2 ** (attempts - 1)
    const delayMs = Number(runAtMs) - this.#clock.now()
    expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2)
    expect(delayMs).toBeLessThanOrEqual(fullMs)
  }

  /** A task can be completed by its late holder too. */
  #holds({ id, token }: { id: string; token: number }, what: string): boolean {
    const task = this.#model.tasks.get(id)
    if (task?.token !== token) return false
    const isLate = task.hasLapsed && ['pending', 'dead'].includes(task.status)
    return task.status === 'running' || (isLate && what.startsWith('complete'))
  }

  /** Of many claims those that hold are honoured, and the others hinder nobody. */
  async #reportMany({ do: what, picks }: { do: 'completeMany' | 'heartbeatMany'; picks: number[] }) {
    const picked = this.#claims.length === 0 ? [] : picks.map(n => this.#claims[n % this.#claims.length]!)
    const claims = [...new Map(picked.map(claim => [claim.id, claim])).values()]
    const held = claims.filter(claim => this.#holds(claim, what)).map(({ id }) => id)
    const stale = claims
      .filter(claim => !this.#holds(claim, what))
      .map(({ id }) => ({
        id,
        status: this.#model.tasks.get(id)?.status,
        token: this.#model.tasks.get(id)?.token,
      }))
    const { tasks } = this.#memory
    const answer = await (what === 'completeMany'
      ? tasks.completeMany(claims)
      : tasks.heartbeatMany(claims, { leaseMs }))
    expect({ held: answer.held.toSorted(), stale: answer.stale }).toEqual({ held: held.toSorted(), stale })
    const ended = held.map(id => this.#model.task(id))
    if (what === 'completeMany') this.#model.completeMany(ended)
    else for (const task of ended) this.#model.renew(task, leaseMs)
  }

  #call(command: { do: string; retry?: boolean }, claim: { id: string; token: number }): Promise<unknown> {
    const { tasks } = this.#memory
    if (command.do === 'complete') return tasks.complete({ ...claim, result: claim.token })
    if (command.do === 'release') return tasks.release(claim)
    if (command.do === 'heartbeat') return tasks.heartbeat({ ...claim, leaseMs })
    return tasks.fail({ ...claim, error: 'x', retry: command.retry })
  }

  async #steer(what: 'cancel' | 'redrive' | 'delete', pick: number): Promise<void> {
    const ids = [...this.#model.tasks.keys()]
    const id = ids[pick % ids.length]
    if (id === undefined) return
    const answer = await this.#memory.tasks[what](id).catch((error: { code: string }) => error.code)
    const wanted = this.#model[what](id)
    const sorted = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value)
    expect(sorted(answer)).toEqual(sorted(wanted))
  }
}
