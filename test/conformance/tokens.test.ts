import { expect, it } from 'vitest'
import type { Permission } from '../../src/permission.ts'
import { TestClock } from '../support/clock.ts'
import { conform } from './conform.ts'

const token = { principal: 'ci', permissions: ['tasks'] as Permission[] }

conform('tokens', open => {
  it('grants the holder of a token what it was created with', async () => {
    const memory = await open()
    const created = await memory.tokens.create({
      ...token,
      namespaces: ['team-*'],
      agentId: 'builder',
    })
    expect(await memory.tokens.verify(created.token)).toMatchObject({
      principal: 'ci',
      permissions: ['tasks'],
      namespaces: ['team-*'],
      agentId: 'builder',
    })
  })

  it('keeps the secret nowhere', async () => {
    const memory = await open()
    const created = await memory.tokens.create(token)
    const secret = created.token.split('_').at(-1) ?? ''
    expect(secret).toHaveLength(64)
    const rows = await memory.query('select * from hivewax_tokens')
    const events = await memory.events.list()
    const { items } = await memory.tokens.list()
    expect(JSON.stringify([rows, events, items])).not.toContain(secret)
    expect(items).toEqual([{ ...created, token: undefined }])
  })

  it('refuses what is no token, or one with another secret', async () => {
    const memory = await open()
    const created = await memory.tokens.create(token)
    const other = await memory.tokens.create(token)
    const mixed = [...created.token.split('_').slice(0, 2), other.token.split('_')[2]].join('_')
    for (const text of ['', 'hwx_', 'x', mixed, `${created.token}0`])
      await expect(memory.tokens.verify(text)).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('refuses a token from the moment on at which it ends or is revoked', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    const short = await memory.tokens.create({ ...token, expiresAt: '1h' })
    const long = await memory.tokens.create({ ...token, expiresAt: new Date(clock.now() + 7_200_000) })
    clock.advance(3_599_999)
    expect(await memory.tokens.verify(short.token)).toMatchObject({ principal: 'ci' })
    clock.advance(1)
    await expect(memory.tokens.verify(short.token)).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await memory.tokens.revoke(long.id)).toBe(true)
    await expect(memory.tokens.verify(long.token)).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await memory.tokens.revoke(long.id)).toBe(false)
  })

  it('tells of tokens in the log', async () => {
    const memory = await open()
    const { id } = await memory.as('root').tokens.create(token)
    await memory.tokens.revoke(id)
    expect((await memory.events.list()).items).toMatchObject([
      { type: 'token.created', source: 'root', data: { tokenId: id, principal: 'ci' } },
      { type: 'token.revoked', data: { tokenId: id, principal: 'ci' } },
    ])
  })

  it('lists all of them by pages, in the order of their creation', async () => {
    const clock = new TestClock()
    const memory = await open({ clock })
    for (const principal of ['a', 'b', 'c']) {
      await memory.tokens.create({ ...token, principal })
      clock.advance(1)
    }
    const first = await memory.tokens.list({ limit: 2 })
    const rest = await memory.tokens.list({ limit: 2, cursor: first.cursor })
    expect([...first.items, ...rest.items].map(({ principal }) => principal)).toEqual(['a', 'b', 'c'])
  })

  it('refuses bad input', async () => {
    const { tokens } = await open()
    const bad = [
      { ...token, principal: '' },
      { ...token, permissions: [] },
      { ...token, permissions: ['everything' as Permission] },
      { ...token, namespaces: [''] },
      { ...token, agentId: '' },
      { ...token, expiresAt: 'soon' as '1h' },
    ]
    for (const each of bad) await expect(tokens.create(each)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
