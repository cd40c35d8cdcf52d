import { spawn } from 'node:child_process'

/** What opens a page on each platform; elsewhere `xdg-open`. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  // Its first argument is the title of a window.
  win32: ['cmd', '/c', 'start', '""'],
}

/**
 * Opens a page in the browser of the user, $BROWSER where that is set.
 * @param onFailure is called when there is none
 */
export function openBrowser(url: string, onFailure: () => void, env = process.env): void {
  const [command, ...args] = env.BROWSER ? [env.BROWSER] : (openers[process.platform] ?? ['xdg-open'])
  const child = spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
  child.on('error', onFailure)
  child.on('exit', code => {
    if (code !== 0) onFailure()
  })
  child.unref()
}
