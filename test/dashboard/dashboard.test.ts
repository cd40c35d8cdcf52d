import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buildDashboard } from '../../scripts/build/dashboard.ts'
import type { Serving } from '../../src/http/http-server.ts'
import type { Memory } from '../../src/memory.ts'
import { openScratch } from '../support/memory.ts'
import { startHttp } from '../support/server.ts'
import { launch } from './support/chromium.ts'
import { openPage, places, themes, visit } from './support/pages.ts'
import { fillSwarm, hostile } from './support/swarm.ts'

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser

beforeAll(async () => {
  buildDashboard()
  browser = await launch()
})

afterAll(() => browser?.close())

type Options = Parameters<typeof openPage>[2]

/** A page of the dashboard of a store, signed in; what it complains of fails the test, unless it is what the test is about. */
async function open(serving: Serving, options?: Options, expected?: RegExp): Promise<Page> {
  const { page, complaints } = await openPage(browser, serving.signInLink(), options)
  onTestFinished(async () => {
    await page.close()
    expect(complaints.filter(complaint => !expected?.test(complaint))).toEqual([])
  })
  return page
}

async function serveSwarm(fill: (memory: Memory) => Promise<void> = fillSwarm) {
  const memory = await openScratch()
  await fill(memory)
  return { memory, serving: await startHttp(memory) }
}

const pageText = (page: Page) => page.locator('main').innerText()

describe('signing in', () => {
  it('takes a link, once, and leaves no trace of it', async () => {
    const { serving } = await serveSwarm(async () => {})
    const link = serving.signInLink()
    const { page } = await openPage(browser, link)
    onTestFinished(() => page.close())
    await page.getByRole('heading', { name: 'Now' }).waitFor({ state: 'attached' })
    expect(page.url()).toBe(`${serving.url}/#/now`)
    await page.reload()
    await page.getByRole('heading', { name: 'Now' }).waitFor({ state: 'attached' })
    const { page: other } = await openPage(browser, link)
    onTestFinished(() => other.close())
    await other.getByText('this link was used before, or is too old').waitFor()
    expect(await other.evaluate(() => [sessionStorage.length, location.hash])).toEqual([0, '#/now'])
  })

  it('takes a token, offers what it may, and ends when it is revoked', async () => {
    const { memory, serving } = await serveSwarm()
    const { id, token } = await memory.tokens.create({ principal: 'reader', permissions: ['memory:read'] })
    const { page } = await openPage(browser, `${serving.url}/`)
    onTestFinished(() => page.close())
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await visit(page, places.task)
    expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0)
    await visit(page, places.key)
    expect(await page.getByRole('button', { name: 'Edit' }).count()).toBe(0)
    await memory.tokens.revoke(id)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })
})

describe('every place', () => {
  for (const theme of themes) {
    it(`has nothing that axe objects to, ${theme}`, async () => {
      const { serving } = await serveSwarm()
      const page = await open(serving, { theme })
      const found: unknown[] = []
      for (const [place, hash] of Object.entries(places)) {
        await visit(page, hash)
        found.push(...(await violations(page)).map(violation => [place, ...violation]))
      }
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').waitFor()
      found.push(...(await violations(page)))
      expect(found).toEqual([])
    })
  }

  it('fits a narrow phone', async () => {
    const { serving } = await serveSwarm()
    const page = await open(serving, { size: [360, 740] })
    for (const hash of Object.values(places)) {
      await visit(page, hash)
      expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBe(360)
    }
  })

  it('shows markup, scripts and characters that hide as what they are', async () => {
    const { serving } = await serveSwarm(fillHostile)
    const page = await open(serving)
    for (const hash of [
      '#/now',
      '#/tasks?id=evil&tab=History',
      '#/tasks?view=board',
      `#/memory?key=${encodeURIComponent(hostile.markup)}`,
      '#/memory?key=bidi',
      '#/memory?key=large',
      `#/agents?id=${encodeURIComponent(hostile.markup)}&tab=Briefing`,
      '#/events?id=1',
    ]) {
      await visit(page, hash)
      expect(await page.title(), hash).toBe('hivewax')
      expect(await page.locator('main img, main script, main a[href^="javascript"]').count(), hash).toBe(0)
    }
    await visit(page, '#/memory?key=bidi')
    expect(await page.locator('aside .value').innerText()).toContain(
      'safeU+202Etxt.exeU+2066 andU+200Bhidden',
    )
    await visit(page, '#/memory?key=large')
    expect((await page.locator('aside .value').innerText()).length).toBeLessThan(30_000)
    await page.getByRole('button', { name: /kB more/ }).waitFor()
  })
})

describe('what a person does', () => {
  it('finds a dead task on the first page, sees why, and has it tried again', async () => {
    const { memory, serving } = await serveSwarm()
    const page = await open(serving)
    await page.getByRole('link', { name: 'Fetch the legacy user export' }).click()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByText('503 from the old system').first().waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('It will be tried anew.').waitFor()
    expect((await memory.tasks.get('export'))?.status).toBe('pending')
    await page.getByRole('button', { name: 'Cancel task…' }).click()
    await page.getByRole('button', { name: 'Cancel task', exact: true }).click()
    await page.getByText('Cancelled.').waitFor()
    expect((await memory.tasks.get('export'))?.status).toBe('cancelled')
  })

  it('edits a value, is told when another was quicker, and restores what it was', async () => {
    const { memory, serving } = await serveSwarm()
    const page = await open(serving, {}, /status of 409/)
    await visit(page, '#/memory?key=plan')
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Value, as JSON').fill('{"step":')
    expect(await page.getByRole('button', { name: 'Store', exact: true }).isDisabled()).toBe(true)
    await page.getByLabel('Value, as JSON').fill('{"step": 4}')
    await memory.as('coder-2').kv.store('plan', { step: 'theirs' })
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    await page.getByText('It was changed meanwhile').waitFor()
    await page.getByRole('button', { name: 'Store mine over revision 2' }).click()
    await page.getByText('Stored.').waitFor()
    expect(await memory.kv.retrieve('plan')).toEqual({ step: 4 })
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('button', { name: 'Revision 2' }).click()
    await page.getByRole('button', { name: 'Restore this value' }).click()
    await page.getByText('Restored revision 2.').waitFor()
    expect(await memory.kv.retrieve('plan')).toEqual({ step: 'theirs' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone.').waitFor()
    expect(await memory.kv.retrieve('plan')).toEqual({ step: 4 })
  })

  it('sees what happens as it happens, and nothing moves under the pointer', async () => {
    const { memory, serving } = await serveSwarm()
    const page = await open(serving)
    await visit(page, '#/tasks')
    await page.getByText('live', { exact: true }).waitFor()
    const first = page.getByRole('row').nth(1)
    const before = await first.innerText()
    await first.hover()
    await memory.tasks.create({ id: 'zz-new', description: 'Something new' })
    await page.getByRole('button', { name: '1 change' }).waitFor()
    expect(await first.innerText()).toBe(before)
    await page.getByRole('button', { name: '1 change' }).click()
    await page.getByText('Something new').waitFor()
    await visit(page, '#/events')
    await memory.logEvent('note', { text: 'seen at once' })
    await page.getByText('seen at once').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await memory.logEvent('note', { text: 'waits' })
    await page.getByRole('button', { name: 'Go on (1 event)' }).click()
    await page.getByText('text waits').waitFor()
  })

  it('does everything by keyboard', async () => {
    const { serving } = await serveSwarm()
    const page = await open(serving)
    const detail = page.getByRole('complementary', { name: 'Key' })
    await page.getByRole('heading', { name: 'Now' }).waitFor({ state: 'attached' })
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await page.getByRole('grid', { name: 'Keys' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await detail.getByRole('heading', { name: 'decision/storage' }).waitFor()
    expect(page.url()).toContain('key=decision%2Fstorage')
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.keyboard.type('finding/00*')
    await page.getByText('finding/001').waitFor()
    await page.getByText('finding/010').waitFor({ state: 'detached' })
    expect(page.url()).toContain('q=finding')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('passkeys')
    await page.getByRole('option', { name: /decision\/auth/ }).waitFor()
    await page.keyboard.press('Enter')
    await detail.getByRole('heading', { name: 'decision/auth' }).waitFor()
  })

  it('loses no key of who types faster than the page is drawn', async () => {
    const { serving } = await serveSwarm()
    const page = await open(serving)
    const debug = await page.context().newCDPSession(page)
    await debug.send('Emulation.setCPUThrottlingRate', { rate: 20 })
    await visit(page, '#/memory')
    await page.getByRole('grid', { name: 'Keys' }).waitFor()
    for (const key of ['j', 'j', 'j', 'k', 'End', 'j', 'Home', 'j', 'Enter']) void page.keyboard.press(key)
    await page
      .getByRole('complementary', { name: 'Key' })
      .getByRole('heading', { name: 'decision/storage' })
      .waitFor()
  })

  it('goes on after the server was away', async () => {
    const { memory, serving } = await serveSwarm()
    const page = await open(serving)
    await page.getByText('live', { exact: true }).waitFor()
    expect(await pageText(page)).toContain('15 waiting')
    await page.context().setOffline(true)
    expect(await pageText(page)).toContain('15 waiting')
    await memory.tasks.create({ description: 'made meanwhile' })
    await page.context().setOffline(false)
    await page.getByText('16 waiting').waitFor()
  })
})

async function fillHostile(memory: Memory): Promise<void> {
  const { markup, bidi, link } = hostile
  await memory.events.log({ type: 'note', source: markup, data: { markup, bidi, link } })
  await memory.kv.store(markup, { [markup]: markup, link })
  await memory.kv.store('bidi', bidi)
  await memory.kv.store('large', 'x'.repeat(1_000_000))
  await memory.agents.register({ id: markup, type: bidi, capabilities: [markup], state: { [bidi]: link } })
  await memory.tasks.create({ id: 'evil', description: `${markup} ${bidi}`, createdBy: markup })
  const [task] = await memory.tasks.claim({ agentId: markup })
  await memory.tasks.fail({ id: task!.id, token: task!.token, error: { message: markup }, retry: false })
}

/** What axe finds on the page as it is: each rule with what breaks it. */
async function violations(page: Page): Promise<string[][]> {
  // By the debugger, which the policy of the page does not hold back.
  await page.evaluate(axe)
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: it comes without types as a script
    const { violations } = await (globalThis as any).axe.run(document)
    return violations.map((each: { id: string; nodes: { html: string }[] }) => [
      each.id,
      ...each.nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)),
    ])
  })
}
