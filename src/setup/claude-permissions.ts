import { appendJson, at, readJson, removeJson } from './json-edit.ts'

/** Claude Code's rule for all tools of the server: without it a session that nobody watches is refused each of them. */
const rule = 'mcp__hivewax__*'

const allowed = ['permissions', 'allow'] as const

/** Allows the tools in Claude Code's settings, unless a rule of a person's own is about them. */
export function putPermission(text: string): string {
  const settings = readJson(text)
  const rules = ['allow', 'ask', 'deny'].flatMap(list => at(settings, ['permissions', list]) ?? [])
  const isDecided = rules.some(one => /^mcp__(hivewax|\*)/.test(String(one)))
  return isDecided ? text : appendJson(text, allowed, rule)
}

/** Takes the rule out again. Returns undefined when nothing is left of a file that was made for it. */
export function removePermission(text: string): string | undefined {
  const list = at(readJson(text), allowed)
  const index = Array.isArray(list) ? list.indexOf(rule) : -1
  return index === -1 ? text : removeJson(text, [...allowed, index])
}
