const grouped = new Intl.NumberFormat('en', { useGrouping: true })

/** `12 345`: with thin spaces, which no language takes for a decimal point. */
export function count(value: number): string {
  return grouped.format(value).replaceAll(',', '\u202f')
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1)
  const amount = value / 1000 ** step
  return `${amount < 10 && step > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[step]}`
}

/** `1 task`, `2 tasks`. */
export function plural(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`
}
