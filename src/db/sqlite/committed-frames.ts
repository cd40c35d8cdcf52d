import type { Frame, LogFrames } from './log-frames.ts'

/** What there is in a log of transactions that have ended. */
export interface CommittedFrames {
  /** The frames of those that ended before the first damage: what SQLite reads after a crash. */
  committed: Frame[]
  /** Those behind it. */
  behind: Frame[]
  /**
   * How many of these transactions had ended before others began, and were on the disk by then. A crash while the last
   * one was being written may have left any part of it, and nobody was told that it is stored: it counts for none.
   */
  lost: number
}

export function committedFrames(frames: LogFrames): CommittedFrames {
  const found: CommittedFrames = { committed: [], behind: [], lost: 0 }
  let open: Frame[] = []
  let isDamaged = !frames.isHeaderWhole
  // Whether the transaction that is being read has a damaged frame.
  let isTorn = false
  for (const frame of frames) {
    if (frame.isWhole) open.push(frame)
    else isDamaged = isTorn = true
    const isEnd = frame.pagesAtCommit > 0
    if (isEnd && frame.isWhole) {
      const into = isDamaged ? found.behind : found.committed
      into.push(...open)
      if (isDamaged && !isTorn) found.lost++
      open = []
    }
    if (isEnd) isTorn = false
  }
  return found
}
