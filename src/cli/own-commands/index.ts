import type { Command } from '../command.ts'
import { clientCommands } from './clients.ts'
import { followCommands } from './following.ts'
import { programCommands } from './program.ts'
import { storeCommands } from './stores.ts'
import { workCommands } from './working.ts'

/** The commands that only the command line has, in the order of help. As data: their code is in `../commands/`. */
export const ownCommands: readonly Command[] = [
  ...followCommands,
  ...workCommands,
  ...storeCommands,
  ...clientCommands,
  ...programCommands,
]
