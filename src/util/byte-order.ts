/** By the bytes of UTF-8, as both engines order texts: negative when `one` comes first. */
export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
