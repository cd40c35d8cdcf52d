import type { TaskStatus } from '../../tasks/task.ts'
import type { Colours } from '../print/colour.ts'

/** How a status looks: a sign for the terminal and its colour there, and a background for drawings. */
interface Look {
  readonly sign: string
  readonly colour: keyof Colours
  readonly fill: string
}

const looks: Readonly<Record<TaskStatus, Look>> = {
  pending: { sign: '○', colour: 'yellow', fill: '#f4f4f4' },
  running: { sign: '●', colour: 'cyan', fill: '#cfe8ff' },
  lapsed: { sign: '◌', colour: 'yellow', fill: '#ffe9c7' },
  completed: { sign: '✓', colour: 'green', fill: '#d3f2d3' },
  failed: { sign: '✗', colour: 'red', fill: '#ffd6d6' },
  cancelled: { sign: '-', colour: 'dim', fill: '#dddddd' },
  dead: { sign: '†', colour: 'red', fill: '#ffb3b3' },
}

/** A status that plain SQL has made up looks like one that waits. */
export function lookOf(status: TaskStatus): Look {
  return looks[status] ?? looks.pending
}
