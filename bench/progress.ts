export type OnProgress = (step: string, fraction: number) => void

/** One line on the terminal that says how far it is; a line for each step where nobody sees it change. */
export function progressLine(): OnProgress {
  const { stderr } = process
  let last = ''
  return (step, fraction) => {
    const line = step === '' ? '' : `${String(Math.round(100 * fraction)).padStart(3)} % ${step}`
    if (stderr.isTTY) stderr.write(`\r\u001b[K${line}`)
    else if (step !== last && step !== '') stderr.write(`${step}\n`)
    last = step
  }
}
