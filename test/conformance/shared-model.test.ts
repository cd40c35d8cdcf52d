// biome-ignore-all lint/suspicious/noThenProperty: a transaction's `then` is a list of steps, which await ignores
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { SharedCondition, SharedStep } from '../../src/shared/shared.ts'
import { TestClock } from '../support/clock.ts'
import {
  anyCommand,
  type Change,
  type Command,
  type Condition,
  cellOf,
  lockMs,
  outcome,
  type Request,
  run,
} from '../support/shared-commands.ts'
import { take } from '../support/take.ts'
import { conform } from './conform.ts'

conform('shared model', (open, times) => {
  it('behaves as a map with versions, leases and a list of changes, whatever is done', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    let runs = 0
    const property = fc.asyncProperty(
      fc.array(anyCommand, { maxLength: 30, size: 'max' }),
      async commands => {
        const prefix = `${runs++}/`
        const { revision: start } = await memory.shared.list()
        const model = new Model(clock, prefix, start)
        for (const command of commands) {
          const wanted = model.run(command)
          expect(await outcome(run(memory, model.prefix, wanted.request, clock))).toEqual(wanted.result)
          const { items, revision } = await memory.shared.list(prefix)
          expect({ items: items.map(cellOf), revision }).toEqual(model.visible())
        }
        const changes = model.allChanges()
        // The watch itself records what has lapsed, since nobody else has written by then.
        const count = new Set(changes.map(({ revision }) => revision)).size
        const watched = await take(memory.shared.watch(prefix, { since: start }), count)
        expect(watched.map(({ revision }) => revision)).toEqual([...new Set(changes.map(c => c.revision))])
        expect(watched.flatMap(({ changes }) => changes).map(changeOf)).toEqual(changes)
        for (const key of ['a', 'b', 'c'].map(name => prefix + name)) {
          const history = (await memory.shared.history(key)).items.map(changeOf)
          expect(history.reverse()).toEqual(changes.filter(change => change.key === key))
        }
        for (const id of model.leaseIds) await memory.shared.revokeLease(id)
      },
    )
    await fc.assert(property, { numRuns: times(1_000) })
  })
})

function changeOf({ key, value, version, revision }: Logged) {
  return { key, value, version, revision }
}

interface Cell {
  key: string
  /** Undefined: deleted. */
  value: unknown
  version: number
  revision: number
  leaseId: string | undefined
}

interface Logged {
  key: string
  value?: unknown
  version: number
  revision: number
}

interface State {
  revision: number
  cells: Map<string, Cell>
  leases: Map<string, { until: number; ttlMs: number }>
  log: Logged[]
}

/** What a call is refused with. */
class Refusal extends Error {
  readonly result: object

  constructor(result: object) {
    super('refused')
    this.result = result
  }
}

/** What shared state must do, in the plainest form. */
class Model {
  readonly prefix: string
  readonly #clock: TestClock
  #state: State
  /** The revision of the transaction under way. */
  #open: number | undefined
  #lock = { token: 0, until: Number.NEGATIVE_INFINITY, isHeld: false }

  constructor(clock: TestClock, prefix: string, revision: number) {
    this.#clock = clock
    this.prefix = prefix
    this.#state = { revision, cells: new Map(), leases: new Map(), log: [] }
  }

  get leaseIds(): string[] {
    return ['x', 'y'].map(name => this.prefix + name)
  }

  /** What a list must show. */
  visible() {
    const items = [...this.#state.cells.values()].filter(cell => this.#find(cell.key) !== undefined)
    return { items: items.sort((a, b) => (a.key < b.key ? -1 : 1)), revision: this.#state.revision }
  }

  /** All changes, in the order of a watch, after the last lapses were noticed. */
  allChanges(): Logged[] {
    this.#write(() => {})
    const { log } = this.#state
    return log.sort(
      (a, b) => a.revision - b.revision || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.version - b.version),
    )
  }

  run(command: Command): { request: Request; result: unknown } {
    const request = this.#request(command)
    try {
      return { request, result: this.#do(request) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { request, result: error.result }
    }
  }

  #request(command: Command): Request {
    switch (command.do) {
      case 'update':
      case 'delete':
        return this.#change(command)
      case 'transact':
        return {
          do: 'transact',
          if: command.if.map(condition => this.#condition(condition)),
          then: command.then.map(step => this.#step(step)),
          else: command.else.map(step => this.#step(step)),
        }
      case 'transaction':
        return { ...command, changes: command.changes.map(change => this.#change(change)) }
      case 'grant':
      case 'keepAlive':
      case 'revoke':
        return {
          do: command.do,
          id: this.prefix + command.lease,
          ttlMs: 'ttlMs' in command ? command.ttlMs : 0,
        }
      case 'release':
        return { do: 'release', token: this.#lock.token }
      default:
        return command
    }
  }

  #change(change: Change): Request {
    const key = this.prefix + change.key
    const version = this.#find(key)?.version ?? 0
    const expectedVersion = change.expecting === 'stale' ? version + 1 : version
    // A delete cannot expect that there is nothing.
    const expects = change.expecting !== undefined && (change.do === 'update' || expectedVersion > 0)
    const options = expects ? { expectedVersion } : {}
    if (change.do === 'delete') return { do: 'delete', key, options }
    const lease = change.lease && { lease: this.prefix + change.lease }
    return { do: 'update', key, value: change.value, options: { ...options, ...lease } }
  }

  #condition(condition: Condition): SharedCondition {
    if (condition.on === 'lease') return { lease: this.prefix + condition.lease }
    if (condition.on === 'lock') {
      return { lock: `${this.prefix}lock`, token: Math.max(0, this.#lock.token - condition.back) }
    }
    const key = this.prefix + condition.key
    if (condition.on === 'value') return { key, value: condition.value }
    const version = this.#find(key)?.version ?? 0
    return { key, version: condition.expecting === 'stale' ? version + 1 : version }
  }

  #step(step: { do: string; key: string; value?: number; lease?: string | undefined }): SharedStep {
    const key = this.prefix + step.key
    if (step.do === 'delete') return { delete: key }
    if (step.do === 'get') return { get: key }
    return { update: key, value: step.value, lease: step.lease && this.prefix + step.lease }
  }

  #do(request: Request): unknown {
    switch (request.do) {
      case 'update':
        return this.#write(() => {
          this.#expect(request.key, request.options.expectedVersion)
          return this.#update(request.key, request.value, request.options.lease)
        })
      case 'delete':
        return this.#write(() => {
          this.#expect(request.key, request.options.expectedVersion)
          return this.#delete(request.key)
        })
      case 'transact':
        return this.#write(() => {
          const succeeded = request.if.every(condition => this.#holds(condition))
          const results = (succeeded ? request.then : request.else).map(step => this.#take(step))
          return { succeeded, results, revision: this.#state.revision }
        })
      case 'transaction':
        return this.#transaction(request)
      case 'grant':
        return this.#write(() => {
          if (this.#isLive(request.id)) throw new Refusal({ code: 'conflict' })
          return this.#extend(request.id, request.ttlMs)
        })
      case 'keepAlive':
        return this.#extend(request.id, this.#live(request.id).ttlMs)
      case 'revoke':
        return this.#write(() => {
          this.#removeBound(request.id)
          return this.#state.leases.delete(request.id)
        })
      case 'upkeep':
        return this.#write(() => undefined)
      default:
        return this.#ofTime(request)
    }
  }

  #ofTime(request: Request): unknown {
    const now = this.#clock.monotonicMs()
    if (request.do === 'acquire') {
      if (this.#lock.isHeld && now < this.#lock.until) throw new Refusal({ code: 'conflict' })
      this.#lock = { token: this.#lock.token + 1, until: now + lockMs, isHeld: true }
      return this.#lock.token
    }
    if (request.do === 'release') {
      const wasHeld = this.#lock.isHeld
      this.#lock.isHeld = false
      return wasHeld
    }
    if (request.do === 'reboot') {
      this.#lock.until = Number.NEGATIVE_INFINITY
      for (const lease of this.#state.leases.values()) lease.until = Number.NEGATIVE_INFINITY
    }
    return undefined
  }

  #transaction(request: Request & { do: 'transaction' }): unknown {
    return this.#write(() => {
      const results = request.changes.map(change => {
        try {
          return this.#do(change)
        } catch (error) {
          return (error as Refusal).result
        }
      })
      if (!request.commits) throw new Refusal({ code: 'closed' })
      return results
    }, false)
  }

  /** Does all of it, under one revision, or nothing; what lapsed before goes first. */
  #write<T>(fn: () => T, notices = true): T {
    const before = structuredClone(this.#state)
    const isOuter = this.#open === undefined
    this.#open ??= this.#state.revision + 1
    try {
      for (const id of notices ? [...this.#state.leases.keys()] : []) if (!this.#isLive(id)) this.#lapse(id)
      return fn()
    } catch (error) {
      this.#state = before
      throw error
    } finally {
      if (isOuter) this.#open = undefined
    }
  }

  #lapse(id: string): void {
    this.#removeBound(id)
    this.#state.leases.delete(id)
  }

  #removeBound(id: string): void {
    for (const cell of this.#state.cells.values()) {
      if (cell.value !== undefined && cell.leaseId === id) this.#set(cell.key, undefined, undefined)
    }
  }

  #isLive(id: string): boolean {
    return this.#clock.monotonicMs() < (this.#state.leases.get(id)?.until ?? Number.NEGATIVE_INFINITY)
  }

  #live(id: string) {
    const lease = this.#state.leases.get(id)
    if (lease === undefined || !this.#isLive(id)) throw new Refusal({ code: 'not_found' })
    return lease
  }

  #extend(id: string, ttlMs: number): number {
    this.#state.leases.set(id, { ttlMs, until: this.#clock.monotonicMs() + ttlMs })
    return ttlMs
  }

  #find(key: string): Cell | undefined {
    const cell = this.#state.cells.get(key)
    if (cell?.value === undefined) return undefined
    return cell.leaseId === undefined || this.#isLive(cell.leaseId) ? cell : undefined
  }

  #expect(key: string, expected: number | undefined): void {
    const found = this.#find(key)
    const version = found?.version ?? 0
    if (expected === undefined || expected === version) return
    throw new Refusal({ code: 'conflict', version, value: found?.value })
  }

  #update(key: string, value: unknown, leaseId: string | undefined): Cell {
    if (leaseId !== undefined) this.#live(leaseId)
    return this.#set(key, value, leaseId)
  }

  #delete(key: string): boolean {
    if (this.#find(key) === undefined) return false
    this.#set(key, undefined, undefined)
    return true
  }

  #set(key: string, value: unknown, leaseId: string | undefined): Cell {
    const version = (this.#state.cells.get(key)?.version ?? 0) + 1
    const revision = this.#open ?? Number.NaN
    const cell = { key, value, version, revision, leaseId }
    this.#state.cells.set(key, cell)
    this.#state.log.push({ key, value, version, revision })
    this.#state.revision = revision
    return cell
  }

  #holds(condition: SharedCondition): boolean {
    if ('lease' in condition) return this.#isLive(condition.lease)
    if ('lock' in condition) {
      const { token, until, isHeld } = this.#lock
      return isHeld && token === condition.token && this.#clock.monotonicMs() < until
    }
    const found = this.#find(condition.key)
    if (condition.value !== undefined) return found?.value === condition.value
    return condition.version === (found?.version ?? 0)
  }

  #take(step: SharedStep): Cell | boolean | undefined {
    if ('update' in step) return this.#update(step.update, step.value, step.lease)
    return 'delete' in step ? this.#delete(step.delete) : this.#find(step.get)
  }
}
