import { checkInteger } from '../../util/check.ts'
import type { Cli } from '../cli.ts'
import { openBrowser } from '../open-browser.ts'
import { serveStore } from '../serve-store.ts'

interface UiInput {
  port?: number
  open?: boolean
}

/** Serves the memory to this machine until Ctrl-C, and opens its dashboard in a browser, signed in. */
export function run(cli: Cli, { port, open = true }: UiInput): Promise<number> {
  const at = port === undefined ? { orAnyPort: true } : { port: checkInteger('--port', port, 0, 65_535) }
  return serveStore(cli, at, (serving, where) => {
    const link = serving.signInLink()
    if (cli.print.json) cli.print.document({ url: serving.url, link, ...where })
    else cli.print.line(`The dashboard of ${where.store}: ${open ? serving.url : link}`)
    if (open)
      openBrowser(link, () => cli.print.note(`No browser could be opened; within two minutes follow ${link}`))
  })
}
