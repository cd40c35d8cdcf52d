import fs from 'node:fs'
import path from 'node:path'
import { ancestors } from '../location/project-folder.ts'
import { type HookInput, textOf } from './hook-input.ts'

/** The tools by which a client changes one file, as `PreToolUse` is asked for. */
export const editingTools = 'Edit|MultiEdit|NotebookEdit|Write'

/**
 * The file that a tool is about to change, from the folder of its project on: links are followed, since another name of
 * a file is the same file. Undefined for other tools, and for files of no project.
 */
export function editedFile(input: HookInput): string | undefined {
  const { tool_name: tool, tool_input: given } = input.fields
  if (!editingTools.split('|').includes(String(tool)) || typeof given !== 'object' || given === null)
    return undefined
  const { file_path, notebook_path = file_path } = given as Readonly<Record<string, unknown>>
  if (typeof notebook_path !== 'string' || notebook_path === '') return undefined
  const file = realFile(path.resolve(textOf(input, 'cwd') ?? '.', notebook_path))
  const around = ancestors(path.dirname(file))
  const isIn = (name: string) => around.find(folder => fs.existsSync(path.join(folder, name)))
  const root = isIn('.git') ?? isIn('.swarm')
  return root && path.relative(root, file).split(path.sep).join('/')
}

/** Where a file is or will be, whatever links lead there. */
function realFile(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    const folder = path.dirname(file)
    return folder === file ? file : path.join(realFile(folder), path.basename(file))
  }
}
