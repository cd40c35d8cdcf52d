/**
 * Whether what a round brings about comes within 800 ms in three of ten rounds. Whoever knows when to look is that fast
 * unless the machine is busy just then; whoever looks unasked does so after a second, by and large in every round.
 * @param begin prepares a round, and returns what is to come to pass soon
 */
export async function comesSoon(begin: (round: number) => Promise<() => Promise<unknown>>): Promise<boolean> {
  for (let round = 0, soon = 0; round < 10; round++) {
    const come = await begin(round)
    const startedAt = performance.now()
    await come()
    if (performance.now() - startedAt < 800) soon++
    if (soon === 3) return true
  }
  return false
}
