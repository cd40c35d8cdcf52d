import { type HookInput, textOf } from './hook-input.ts'

/** How texts begin that a client sends in the place of a person's: the end of a subagent's work, a command of its own. */
const clientText =
  /^\s*(<(task-notification|command-name|command-message|local-command-\w+|bash-\w+|system-reminder)>|\[Request interrupted)/

/** What a person asks for; undefined where the client speaks for itself. */
export function promptOf(input: HookInput): string | undefined {
  const prompt = textOf(input, 'prompt')
  return prompt !== undefined && clientText.test(prompt) ? undefined : prompt
}
