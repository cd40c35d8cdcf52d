import { hookEvents } from '../hooks/hook-events.ts'
import type { Json } from '../util/json.ts'
import { appendJson, at, type JsonPath, putJson, readJson, removeJson } from './json-edit.ts'
import { hookCommand, type LaunchCommand } from './launch-command.ts'

/** After how many seconds Claude Code ends a hook. Ours end themselves much sooner. */
const timeoutSeconds = 10

/** A hook of ours in the settings. */
interface Found {
  /** Of its group: `hooks.Stop[0]`. */
  readonly group: JsonPath
  /** Of the hook in it: `hooks.Stop[0].hooks[0]`. */
  readonly hook: JsonPath
  readonly command: string
  /** Whether the group has no other hooks. */
  readonly isAlone: boolean
}

/** Puts a hook for every event into Claude Code's settings; those that are there already run `program` from now on. */
export function putHooks(text: string | undefined, program: LaunchCommand): string {
  let done = text
  for (const event of hookEvents) {
    const [found] = done === undefined ? [] : findHooks(done, event)
    const command = hookCommand(program, event, found?.command)
    if (found === undefined || done === undefined) done = appendJson(done, ['hooks', event], group(command))
    else if (found.command !== command) done = putJson(done, [...found.hook, 'command'], command)
  }
  return done ?? ''
}

/** Takes our hooks out again. Returns undefined when nothing is left of a file that was made for them. */
export function removeHooks(text: string): string | undefined {
  let done: string | undefined = text
  for (const event of [...hookEvents].reverse()) {
    for (const { group, hook, isAlone } of findHooks(done, event).reverse()) {
      done = removeJson(done, isAlone ? group : hook)
      if (done === undefined) return undefined
    }
  }
  return done
}

function group(command: string): Json {
  return { hooks: [{ type: 'command', command, timeout: timeoutSeconds }] }
}

function findHooks(text: string, event: string): Found[] {
  const groups = at(readJson(text), ['hooks', event])
  if (!Array.isArray(groups)) return []
  return groups.flatMap((group, i) => {
    const hooks = at(group, ['hooks'])
    if (!Array.isArray(hooks)) return []
    return hooks.flatMap((hook, j) => {
      const command = at(hook, ['command'])
      if (typeof command !== 'string' || !isOurs(command, event)) return []
      const place = ['hooks', event, i]
      return [{ group: place, hook: [...place, 'hooks', j], command, isAlone: hooks.length === 1 }]
    })
  })
}

/** `… hivewax hook Stop`, or `… '/some where/hivewax.js' hook Stop`, whatever follows. */
function isOurs(command: string, event: string): boolean {
  return new RegExp(`hivewax(\\.js)?['"]? hook ${event}( |$)`).test(command)
}
