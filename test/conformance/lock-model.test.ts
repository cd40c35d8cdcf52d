import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Memory } from '../../src/memory.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const dayMs = 86_400_000

conform('lock model', (open, times) => {
  it('behaves as its model under random calls', async () => {
    const clock = new TestClock()
    const memory = await open({ clock, durability: 'normal' })
    let runs = 0
    const property = fc.asyncProperty(
      fc.array(anyCommand, { maxLength: 40, size: 'max' }),
      async commands => {
        const model = new LockModel(clock)
        const name = `lock ${runs++}`
        for (const command of commands) {
          expect(await run(memory, name, command, clock, model.token)).toEqual(model.run(command))
          expect((await memory.locks.get(name))?.token).toBe(model.isHeld ? model.token : undefined)
        }
      },
    )
    await fc.assert(property, { numRuns: times(1_000) })
  })
})

/** What somebody does to a lock, or to the clocks. `back` is how many holders ago the token was given. */
type Command =
  | { do: 'acquire'; leaseMs: number; delayMs: number }
  | { do: 'renew'; back: number; leaseMs: number }
  | { do: 'release' | 'check'; back: number }
  | { do: 'advance' | 'wall'; ms: number }
  | { do: 'reboot' }

const someMs = fc.integer({ min: 1, max: 50 })
const back = fc.nat(2)
const is = <T extends string>(name: T) => fc.constant(name)
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: is('acquire'), leaseMs: someMs, delayMs: fc.constantFrom(0, 0, 20) }),
  fc.record({ do: is('renew'), back, leaseMs: someMs }),
  fc.record({ do: fc.constantFrom('release', 'check'), back }),
  fc.record({ do: is('advance'), ms: someMs }),
  fc.record({ do: is('wall'), ms: fc.constantFrom(-dayMs, dayMs) }),
  fc.record({ do: is('reboot') }),
)

/** Runs a command on the store and returns what it gave: a token, a truth, or the code of its error. */
async function run(memory: Memory, name: string, command: Command, clock: TestClock, token: number) {
  const key = { name, token: Math.max(0, token - ('back' in command ? command.back : 0)) }
  const code = (error: { code: string }) => error.code
  switch (command.do) {
    case 'acquire': {
      const { leaseMs, delayMs } = command
      return memory.locks.acquire(name, { leaseMs, delayMs }).then(lock => lock.token, code)
    }
    case 'renew':
      return memory.locks.renew({ ...key, leaseMs: command.leaseMs }).then(() => true, code)
    case 'release':
      return memory.locks.release(key).catch(code)
    case 'check':
      return memory.locks.check(key)
    case 'advance':
      return clock.advance(command.ms)
    case 'wall':
      return clock.setWall(clock.now() + command.ms)
    case 'reboot':
      return clock.reboot()
  }
}

/** What a lock promises, without a store. */
class LockModel {
  token = 0
  readonly #clock: TestClock
  #until = 0
  #delayMs = 0
  #released = true

  constructor(clock: TestClock) {
    this.#clock = clock
  }

  get isHeld(): boolean {
    return !this.#released && this.#clock.monotonicMs() < this.#until
  }

  run(command: Command): number | boolean | string | undefined {
    if (command.do === 'acquire') return this.#acquire(command)
    if (command.do === 'reboot') this.#until = Number.NEGATIVE_INFINITY
    if (!('back' in command)) return undefined
    const isCurrent = this.token > 0 && Math.max(0, this.token - command.back) === this.token
    if (command.do === 'check') return isCurrent && this.isHeld
    if (command.do === 'renew')
      return isCurrent && !this.#released ? this.#renew(command.leaseMs) : 'stale_token'
    if (!isCurrent) return this.token === 0 ? false : 'stale_token'
    const wasHeld = !this.#released
    this.#released = true
    return wasHeld
  }

  #acquire({ leaseMs, delayMs }: { leaseMs: number; delayMs: number }): number | string {
    if (!this.#released && this.#clock.monotonicMs() < this.#until + this.#delayMs) return 'conflict'
    this.#renew(leaseMs)
    this.#delayMs = delayMs
    this.#released = false
    return ++this.token
  }

  #renew(leaseMs: number): true {
    this.#until = this.#clock.monotonicMs() + leaseMs
    return true
  }
}
