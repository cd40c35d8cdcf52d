import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { cliEnv, hivewaxFile } from '../support/cli.ts'
import { scratchFolder } from '../support/memory.ts'

/** Starts `hivewax ui` with a browser that writes down what it is to open, and waits until it listens. */
async function start(folder: string, args: readonly string[] = []) {
  const browser = path.join(folder, 'browser')
  fs.writeFileSync(
    browser,
    `#!/bin/sh\necho "$1" > '${folder}/opened.part' && mv '${folder}/opened.part' '${folder}/opened'\n`,
  )
  fs.chmodSync(browser, 0o755)
  const child = spawn(process.execPath, [hivewaxFile, 'ui', '--url', 'memory.db', ...args], {
    cwd: folder,
    env: cliEnv(folder, { BROWSER: browser }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code]) => code)
  const [line] = await once(child.stdout, 'data')
  return { child, exited, line: String(line) }
}

const signIn = (link: URL) =>
  fetch(new URL('/v1/sign-in', link), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: link.hash.replace('#code=', '') }),
  })

it('opens the dashboard in a browser, signed in, and ends as it is told', async () => {
  const folder = scratchFolder()
  const { child, exited, line } = await start(folder)
  expect(line).toMatch(/^The dashboard of .*memory\.db: http:\/\/127\.0\.0\.1:\d+\n$/)
  await expect.poll(() => fs.existsSync(path.join(folder, 'opened'))).toBe(true)
  const link = new URL(fs.readFileSync(path.join(folder, 'opened'), 'utf8').trim())
  const { token } = (await (await signIn(link)).json()) as { token: string }
  const hello = await fetch(new URL('/v1/hello', link), { headers: { authorization: `Bearer ${token}` } })
  expect(await hello.json()).toMatchObject({
    store: { name: 'memory.db', isReadOnly: false },
    principal: 'owner',
  })
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

it('prints the link instead where no browser is to be opened, and takes another port where one is taken', async () => {
  const folder = scratchFolder()
  const links = []
  for (let i = 0; i < 2; i++) {
    const { line } = await start(folder, ['--no-open', '--json'])
    links.push(new URL(JSON.parse(line).data.link))
  }
  expect(new Set(links.map(({ port }) => port)).size).toBe(2)
  for (const link of links) expect((await signIn(link)).status).toBe(200)
  expect(fs.existsSync(path.join(folder, 'opened'))).toBe(false)
})
