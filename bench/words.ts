/** Made-up words by a seed: a few of them often and most of them seldom, as in a language. */
export function words(seed: number, count = 26): string {
  let state = seed * 2654435761 + 1
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  const made = Array.from({ length: count }, () => `w${Math.floor(20_000 ** random()).toString(36)}`)
  if (seed % 2 === 0) made.push('commonword')
  if (seed % 100 === 0) made.push('middlingword')
  if (seed % 10_000 === 0) made.push('rareword')
  return made.join(' ')
}
