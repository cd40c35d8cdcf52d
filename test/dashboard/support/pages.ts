import type { Browser, Page } from 'playwright-core'

/** The places of the dashboard, each with something selected. */
export const places = {
  now: '#/now',
  tasks: '#/tasks',
  task: '#/tasks?id=export&tab=History',
  board: '#/tasks?view=board',
  memory: '#/memory?ns=default',
  key: '#/memory?ns=default&key=decision%2Fauth&tab=History',
  agents: '#/agents',
  briefing: '#/agents?id=coder-1&tab=Briefing',
  events: '#/events',
} as const

export const themes = ['light', 'dark'] as const

/** A page that is signed in, and what it complains of: errors of scripts, of its policy, and of what it loads. */
export async function openPage(
  browser: Browser,
  link: string,
  { size = [1440, 900], theme = 'light' }: { size?: [number, number]; theme?: 'light' | 'dark' } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const [width, height] = size
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(`${error}`))
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', request => {
    if (new URL(request.url()).origin !== new URL(link).origin) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(link)
  return { page, complaints }
}

/** Goes to a place, and waits until it shows what it has read. */
export async function visit(page: Page, hash: string): Promise<void> {
  await page.evaluate(hash => {
    location.hash = hash
  }, hash)
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  await page.waitForFunction(() => document.querySelector('.loading') === null)
}
