import os from 'node:os'
import { InvalidInput } from '../errors.ts'

/** What stands for the home at the beginning of a path, in a shell or in the files of editors. */
const homeWords = /^(?:~|\$HOME|\$\{(?:env:)?HOME\}|\$\{userHome\})(?=[/\\]|$)/

/** What shells and editors replace, where they do: `${workspaceFolder}`, `$PROJECT`, `~name/`, `%APPDATA%`, `{env:NAME}`. */
const placeholders = /\$\{[^}]*\}|\{(?:env|file):[^}]*\}|^\$\w+\$?|^~[\w.-]+(?=[/\\])|^%\w+%/

/**
 * A location, or the name of a file that leads to one, as it was meant: `~` and `$HOME` are the home, for where no shell
 * has read it.
 * @param source who says it, as the error names it
 * @throws InvalidInput for what was to be replaced and was not: it would become a folder of that name, unseen
 */
export function expandLocation(text: string, source: string): string {
  const expanded = text.replace(homeWords, () => os.homedir())
  const [placeholder] = placeholders.exec(expanded) ?? []
  if (placeholder === undefined) return expanded
  throw new InvalidInput(`${source} holds ${placeholder}, which was to be replaced and was not: ${text}`, {
    hint: 'Give an absolute path. Without one, the memory is found from the working directory.',
    details: { placeholder },
  })
}
