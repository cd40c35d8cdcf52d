import { createElement, memo } from 'react'

/** More of a text than this is shown when somebody asks for it. */
const shortLength = 300

/**
 * Characters that nobody sees, or that put others into another order, from and to: controls, joiners, marks of direction,
 * tags and selectors. A line end and a tab are what they look like.
 */
const ranges = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0e],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff],
]

const hex = (code = 0) => `\\u{${code.toString(16)}}`
const unseen = `[${ranges.map(([from, to]) => `${hex(from)}-${hex(to)}`).join('')}]`
const hasUnseen = new RegExp(unseen, 'u')
const pieces = new RegExp(`(?=${unseen})|(?<=${unseen})`, 'u')

interface TextProps {
  readonly of: string
  /** All of it, in its lines. Default: on one line, and not more than fits. */
  readonly isWhole?: boolean
}

/** Text that came from the store, as it is: what cannot be seen is named, and none of it reorders what is around it. */
export const Text = memo(function Text({ of, isWhole = false }: TextProps) {
  const text = isWhole ? of : oneLine(of)
  if (!hasUnseen.test(text)) return <bdi>{text}</bdi>
  const parts = text.split(pieces)
  const shown = parts.map(part => (hasUnseen.test(part) ? createElement(Unseen, { character: part }) : part))
  // Not as a list, whose parts would have to have keys: they have their places.
  return createElement('bdi', null, ...shown)
})

function Unseen({ character }: { character: string }) {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  return (
    <span className="unseen" title={`${code}, a character that is not seen`}>
      {code}
    </span>
  )
}

function oneLine(text: string): string {
  const cut = text.length > shortLength ? `${text.slice(0, shortLength)}…` : text
  return cut.replace(/\r?\n/g, ' ⏎ ').replaceAll('\t', ' ')
}

/** A long id, cut in its middle; the whole is its title. */
export function Id({ of }: { of: string }) {
  const short = of.length > 20 ? `${of.slice(0, 8)}…${of.slice(-6)}` : of
  return (
    <span className="mono" title={of}>
      <Text of={short} />
    </span>
  )
}
