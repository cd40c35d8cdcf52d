// Takes pictures of every place of the dashboard: node test/dashboard/pictures.ts FOLDER
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buildDashboard } from '../../scripts/build/dashboard.ts'
import { serve } from '../../src/http/http-server.ts'
import { openMemory } from '../../src/open.ts'
import { newTokenText, writeToken } from '../../src/tokens/token.ts'
import { launch } from './support/chromium.ts'
import { openPage, places, themes, visit } from './support/pages.ts'
import { fillSwarm } from './support/swarm.ts'

const sizes = { desktop: [1440, 900], phone: [390, 844] } as const

const [, , target = 'pictures'] = process.argv
buildDashboard()
fs.mkdirSync(target, { recursive: true })
const store = fs.mkdtempSync(path.join(os.tmpdir(), 'hivewax-pictures-'))
const memory = await openMemory(path.join(store, '.swarm/memory.db'))
await fillSwarm(memory)
const serving = await serve({ memory, ownerToken: writeToken(newTokenText()), port: 0 })
const browser = await launch()
for (const theme of themes) {
  for (const [name, [width, height]] of Object.entries(sizes)) {
    const { page, complaints } = await openPage(browser, serving.signInLink(), {
      size: [width, height],
      theme,
    })
    for (const [place, hash] of Object.entries(places)) {
      await visit(page, hash)
      await page.waitForTimeout(250)
      await page.screenshot({ path: path.join(target, `${place}-${name}-${theme}.png`) })
    }
    if (complaints.length > 0) console.error(theme, name, complaints)
    await page.close()
  }
}
await browser.close()
await serving.close(0)
await memory.close()
fs.rmSync(store, { recursive: true })
