import { describe, expect, it, vi } from 'vitest'
import { openScratch } from '../support/memory.ts'
import { caller } from '../support/requests.ts'
import { startHttp } from '../support/server.ts'

const hour = 3_600_000

async function serveIt() {
  const serving = await startHttp(await openScratch())
  const exchange = (code: unknown) => caller(serving, 'nobody').send('/v1/sign-in', { body: { code } })
  const codeOf = (link: string) => new URL(link).hash.replace('#code=', '')
  const asks = async (token: string) => (await caller(serving, token).send('/v1/hello')).status
  return { serving, exchange, newCode: () => codeOf(serving.signInLink()), asks }
}

/** Lets the clock of the server be ahead until the test has ended. */
function goAhead(ms: number): Disposable {
  const ahead = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + ms)
  return { [Symbol.dispose]: () => ahead.mockRestore() }
}

describe('the code of a link', () => {
  it('is exchanged once, for a token that may do what the owner may', async () => {
    const { exchange, newCode, asks } = await serveIt()
    const code = newCode()
    const { status, json } = await exchange(code)
    expect(status).toBe(200)
    expect(await asks(json.token)).toBe(200)
    expect((await exchange(code)).status).toBe(401)
    expect((await exchange('made-up')).status).toBe(401)
    expect((await exchange(1)).status).toBe(400)
  })

  it('is good for two minutes', async () => {
    const { exchange, newCode } = await serveIt()
    const code = newCode()
    using _ = goAhead(121_000)
    expect((await exchange(code)).status).toBe(401)
  })
})

describe('the token of who has signed in', () => {
  it('ends after 12 hours, and cannot be made to last longer', async () => {
    const { exchange, newCode, asks } = await serveIt()
    const { token } = (await exchange(newCode())).json
    const [prefix, expiresAt, id, signature] = token.split('_')
    expect(await asks(`${prefix}_${Number(expiresAt) + hour}_${id}_${signature}`)).toBe(401)
    expect(await asks(`${prefix}_0${expiresAt}_${id}_${signature}`)).toBe(401)
    expect(await asks(`${prefix}_${expiresAt}_${id}_${'0'.repeat(64)}`)).toBe(401)
    using _ = goAhead(12 * hour + 1)
    expect(await asks(token)).toBe(401)
  })

  it('is good at a server of the same owner that was started anew, and at no other', async () => {
    const first = await serveIt()
    const { token } = (await first.exchange(first.newCode())).json
    const again = await startHttp(await openScratch(), { ownerToken: first.serving.token })
    expect((await caller(again, token).send('/v1/hello')).status).toBe(200)
    expect(await (await serveIt()).asks(token)).toBe(401)
  })
})
