import type { HookClient } from '../hooks/hook-client.ts'
import type { Json } from '../util/json.ts'
import { appendJson, at, type JsonPath, putJson, readJson, removeJson } from './json-edit.ts'
import { hookCommand, type LaunchCommand } from './launch-command.ts'

/** How the file is made in which a client looks for hooks. */
export interface HooksFile {
  readonly client: HookClient
  /** What stands in a file that was made for hooks, before there are any. */
  readonly base?: string
  /** Whether an entry is a group that holds hooks, or the hook itself. */
  readonly isGrouped: boolean
  /** What a hook has besides its command; after 10 s a client ends it, and ours end themselves much sooner. */
  readonly more: { readonly [field: string]: Json }
}

/** A hook of ours in the file. */
interface Found {
  /** Of its entry: `hooks.Stop[0]`. */
  readonly entry: JsonPath
  /** Of the hook in it: `hooks.Stop[0].hooks[0]`; where there are no groups the entry itself. */
  readonly hook: JsonPath
  readonly command: string
  /** Whether the entry has no other hooks. */
  readonly isAlone: boolean
}

/** Puts a hook for every event into the file of a client; those that are there already run `program` from now on. */
export function putHooks(text: string | undefined, file: HooksFile, program: LaunchCommand): string {
  let done = text ?? file.base
  for (const event of eventsOf(file)) {
    const [found] = done === undefined ? [] : findHooks(done, file, event)
    const command = hookCommand(program, wordsOf(file, event), found?.command)
    if (found === undefined || done === undefined)
      done = appendJson(done, ['hooks', event], entry(file, event, command))
    else if (found.command !== command) done = putJson(done, [...found.hook, 'command'], command)
  }
  return done ?? ''
}

/** Takes our hooks out again. Returns undefined when nothing is left of a file that was made for them. */
export function removeHooks(text: string, file: HooksFile): string | undefined {
  let done: string | undefined = text
  for (const event of eventsOf(file).reverse()) {
    for (const { entry, hook, isAlone } of findHooks(done, file, event).reverse()) {
      done = removeJson(done, isAlone ? entry : hook)
      if (done === undefined) return undefined
    }
  }
  return done === file.base && done !== text ? undefined : done
}

function eventsOf({ client }: HooksFile): string[] {
  return Object.values(client.events)
}

/** `Stop`, or `AfterAgent --client gemini`. */
function wordsOf({ client: { name } }: HooksFile, event: string): string {
  return name === 'claude-code' ? event : `${event} --client ${name}`
}

function entry({ client, isGrouped, more }: HooksFile, event: string, command: string): Json {
  const hook = { ...(isGrouped && { type: 'command' }), command, ...more }
  const matcher = client.matchers?.[event]
  return isGrouped ? { ...(matcher && { matcher }), hooks: [hook] } : hook
}

function findHooks(text: string, file: HooksFile, event: string): Found[] {
  const entries = at(readJson(text), ['hooks', event])
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry, i) => {
    const place = ['hooks', event, i]
    const hooks = file.isGrouped ? at(entry, ['hooks']) : [entry]
    if (!Array.isArray(hooks)) return []
    return hooks.flatMap((hook, j) => {
      const command = at(hook, ['command'])
      if (typeof command !== 'string' || !isOurs(command, event)) return []
      const path = file.isGrouped ? [...place, 'hooks', j] : place
      return [{ entry: place, hook: path, command, isAlone: hooks.length === 1 }]
    })
  })
}

/** `… hivewax hook Stop`, or `… '/some where/hivewax.js' hook Stop`, whatever follows. */
function isOurs(command: string, event: string): boolean {
  return new RegExp(`hivewax(\\.js)?['"]? hook ${event}( |$)`).test(command)
}
