import { expect, it } from 'vitest'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

conform('reservations', open => {
  it('reserves all of the files, and tells who comes later who has them, what for and how long yet', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const a = await memory.reservations.reserve(['./src//mcp/**', 'README.md'], {
      owner: 'a',
      purpose: 'the new tool',
      leaseMs: 600_000,
    })
    const leaseUntil = new Date(clock.now() + 600_000)
    expect(a).toMatchObject({ globs: ['src/mcp/**', 'README.md'], owner: 'a', shared: false, leaseUntil })
    clock.advance(60_000)
    await expect(
      memory.reservations.reserve(['docs/**', 'src/**/*.ts'], { owner: 'b' }),
    ).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"a" has "src/mcp/**" for another 9 min'),
      details: { reservations: [{ glob: 'src/mcp/**', owner: 'a', purpose: 'the new tool' }] },
    })
    // All or none.
    expect((await memory.reservations.list()).items.map(({ glob }) => glob)).toEqual([
      'README.md',
      'src/mcp/**',
    ])
    expect(await memory.reservations.reserve(['docs/**', 'src/*.ts'], { owner: 'b' })).toMatchObject({
      owner: 'b',
      token: expect.toSatisfy((token: number) => token > a.token),
    })
  })

  it('lets several share files, and none of them have those for itself meanwhile', async () => {
    const memory = await open()
    const shared = { shared: true }
    await memory.reservations.reserve(['docs/**'], { owner: 'a', ...shared })
    await memory.reservations.reserve(['docs/guide/*'], { owner: 'b', ...shared })
    await expect(memory.reservations.reserve(['docs'], { owner: 'a' })).rejects.toMatchObject({
      details: { reservations: [{ glob: 'docs/guide/*', owner: 'b', shared: true }] },
    })
    expect(await memory.reservations.release({ owner: 'b' })).toEqual(['docs/guide/*'])
    expect(await memory.reservations.reserve(['docs'], { owner: 'a' })).toMatchObject({ shared: false })
  })

  it('is in nobody’s own way, but for those who say no name', async () => {
    const memory = await open()
    const a = memory.as('a')
    const { token } = await a.reservations.reserve(['src'])
    expect(await a.reservations.reserve(['src', 'src/mcp'], { purpose: 'more' })).toMatchObject({
      owner: 'a',
    })
    await expect(a.reservations.renew({ token })).rejects.toMatchObject({ code: 'stale_token' })
    expect(await a.reservations.release()).toEqual(['src', 'src/mcp'])
    await memory.reservations.reserve(['src'])
    await expect(memory.reservations.reserve(['src/a.ts'])).rejects.toMatchObject({ code: 'conflict' })
    expect(await memory.reservations.release({ globs: ['./src'] })).toEqual(['src'])
  })

  it('says that there is nothing to give back', async () => {
    const memory = await open()
    await memory.reservations.reserve(['src'], { owner: 'a' })
    await expect(memory.reservations.release({ owner: 'b' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(memory.reservations.release({ owner: 'a', globs: ['src/mcp'] })).rejects.toMatchObject({
      code: 'not_found',
      message: '"a" has reserved nothing of "src/mcp"',
    })
  })

  it('ends with the life that it was given, unless that is renewed', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const { token } = await memory.reservations.reserve(['a', 'b'], { owner: 'a', leaseMs: 60_000 })
    clock.advance(50_000)
    expect(await memory.reservations.renew({ token, leaseMs: 60_000 })).toEqual(['a', 'b'])
    clock.advance(50_000)
    expect((await memory.reservations.list({ owner: 'a' })).items).toHaveLength(2)
    clock.advance(10_001)
    expect((await memory.reservations.list()).items).toEqual([])
    await expect(memory.reservations.renew({ token })).rejects.toMatchObject({ code: 'stale_token' })
    await expect(memory.reservations.release({ owner: 'a' })).rejects.toMatchObject({ code: 'not_found' })
    expect((await memory.reservations.reserve(['a'], { owner: 'b' })).token).toBeGreaterThan(token)
  })

  it('goes with the agent that has lapsed, whoever comes next', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    await memory.agents.register({ id: 'a', type: 'coder', ttl: 60 })
    await memory.as('a').reservations.reserve(['src/**'], { leaseMs: 3_600_000 })
    await expect(memory.reservations.reserve(['src/x'], { owner: 'b' })).rejects.toMatchObject({
      code: 'conflict',
    })
    clock.advance(60_001)
    expect(await memory.reservations.reserve(['src/x'], { owner: 'b' })).toMatchObject({ owner: 'b' })
    const { items } = await memory.events.list({ types: ['agent.lapsed'] })
    expect(items).toMatchObject([{ data: { agentId: 'a', reservations: ['src/**'] } }])
  })

  it('shows who has reserved some of the files that are asked for', async () => {
    const memory = await open()
    await memory.reservations.reserve(['src/**/*.ts'], { owner: 'a', shared: true })
    await memory.reservations.reserve(['src/mcp/*'], { owner: 'b', shared: true })
    const owners = async (...globs: string[]) =>
      (await memory.reservations.list({ globs })).items.map(({ owner }) => owner)
    expect(await owners('src/mcp/tools.ts')).toEqual(['a', 'b'])
    expect(await owners('src/a.ts', 'docs')).toEqual(['a'])
    expect(await owners('src/mcp/x/a.md', 'README.md')).toEqual([])
    expect(await owners('src')).toEqual(['a', 'b'])
  })

  it('logs what was reserved and given back, and nothing of what was refused', async () => {
    const memory = await open()
    const { token } = await memory.reservations.reserve(['b', 'a'], { owner: 'a', purpose: 'p' })
    await memory.reservations.reserve(['a'], { owner: 'b' }).catch(() => {})
    await memory.reservations.release({ owner: 'a', token })
    const { items } = await memory.events.list({ types: ['reservation.*'] })
    expect(items.map(({ type, source, data }) => ({ type, source, data }))).toEqual([
      {
        type: 'reservation.made',
        source: 'a',
        data: { owner: 'a', shared: false, globs: ['b', 'a'], purpose: 'p', token },
      },
      { type: 'reservation.released', source: 'a', data: { owner: 'a', globs: ['a', 'b'] } },
    ])
  })

  it('lists page by page', async () => {
    const memory = await open()
    for (const owner of ['a', 'b', 'c'])
      await memory.reservations.reserve(['x', `y-${owner}`], { owner, shared: true })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.reservations.list({ limit: 2, cursor })
      seen.push(...page.items.map(({ glob, owner }) => `${glob} ${owner}`))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(['x a', 'x b', 'x c', 'y-a a', 'y-b b', 'y-c c'])
  })

  it('never issues a token up to the floor that a restore leaves', async () => {
    const memory = await open()
    await memory.execute("update hivewax_counters set value = 41 where name = 'floor'")
    expect((await memory.reservations.reserve(['a'], { owner: 'a' })).token).toBe(42)
    expect((await memory.reservations.reserve(['b'], { owner: 'a' })).token).toBe(43)
  })

  it.each(['../x', '/etc/passwd', 'C:/x', 'a\\b', 'a**b', '', 'a/../b'])(
    'refuses %j, which is no path of the project',
    async glob => {
      const memory = await open()
      await expect(memory.reservations.reserve([glob])).rejects.toMatchObject({ code: 'invalid_input' })
    },
  )
})
