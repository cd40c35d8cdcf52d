import { InvalidInput } from '../../errors.ts'

/**
 * The words with which PostgreSQL's grammar begins a statement that begins or ends a transaction or a savepoint, or
 * prepares something that outlives it; no other statement begins with one of them.
 */
const control = /^(abort|begin|commit|end|prepare|release|rollback|savepoint|start)(?![\w$])/i

/**
 * Refuses a statement that would end the transaction that it runs in, or leave one open.
 * @throws InvalidInput that names it
 */
export function refuseControl(text: string): void {
  const [, word] = control.exec(text.slice(blankLength(text))) ?? []
  if (word === undefined) return
  throw new InvalidInput(`the statement is not allowed: ${word.toLowerCase()}`, {
    hint: 'Use memory.transaction: what its callback does is stored together, or not at all.',
  })
}

/** How long the space, comments and empty statements are that a text begins with. */
function blankLength(text: string): number {
  let at = 0
  for (;;) {
    const end = /^([\s;]|--[^\r\n]*)+/.exec(text.slice(at))?.[0].length ?? commentLength(text.slice(at))
    if (end === 0) return at
    at += end
  }
}

/** How long the comment is that a text begins with, with those that are nested in it. */
function commentLength(text: string): number {
  let depth = 0
  for (const { 0: mark, index } of text.matchAll(/\/\*|\*\//g)) {
    if (depth === 0 && index !== 0) return 0
    depth += mark === '/*' ? 1 : -1
    if (depth <= 0) return depth < 0 ? 0 : index + mark.length
  }
  return 0
}
