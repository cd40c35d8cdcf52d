import type { Task } from '../../tasks/task.ts'
import { isObject, type Json } from '../../util/json.ts'
import { visible } from '../../util/visible.ts'
import type { Colours } from '../print/colour.ts'
import { oneLine, truncate } from '../print/display-text.ts'
import { formatDuration } from '../print/format-duration.ts'
import { spell } from '../print/value.ts'
import type { Board, Section, WaitingTask } from './board.ts'
import { lookOf } from './status.ts'

/** A part of the board as it is to be shown. */
export interface Panel {
  readonly title: string
  readonly colour: keyof Colours
  readonly count: number
  readonly cards: readonly Card[]
}

/** A task on the board. */
export interface Card {
  readonly sign: string
  /** Its id; of a UUID the end, by which people tell them apart. */
  readonly name: string
  readonly description: string
  /** What else there is to know, the most important first. */
  readonly facts: string
}

/** Wider facts would leave no room for the description. */
const maxFact = 30

/** The board's five parts, in the order of a task's life. */
export function panels(board: Board): Panel[] {
  const now = board.at.getTime()
  const sections = {
    ready: cards(board.ready, task => card(task, '○', readyFacts(task, now))),
    waiting: cards(board.waiting, task => card(task, '○', waitingFacts(task, now))),
    running: cards(board.running, task => card(task, lookOf(task.status).sign, runningFacts(task, now))),
    done: cards(board.done, task => card(task, lookOf('completed').sign, doneFacts(task, now))),
    failed: cards(board.failed, task => card(task, lookOf(task.status).sign, failedFacts(task, now))),
  }
  return [
    { title: 'Ready', colour: 'yellow', ...sections.ready },
    { title: 'Waiting', colour: 'dim', ...sections.waiting },
    { title: 'Running', colour: 'cyan', ...sections.running },
    { title: 'Done', colour: 'green', ...sections.done },
    { title: 'Failed and dead', colour: 'red', ...sections.failed },
  ]
}

function cards<T>({ count, tasks }: Section<T>, toCard: (task: T) => Card): Pick<Panel, 'count' | 'cards'> {
  return { count, cards: tasks.map(toCard) }
}

function card({ id, description }: Task | WaitingTask, sign: string, facts: Iterable<string>): Card {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
  return {
    sign,
    name: isUuid ? `…${id.slice(-8)}` : clean(id),
    description: clean(description),
    facts: Array.from(facts, fact => truncate(clean(fact), maxFact)).join(', '),
  }
}

function* readyFacts(task: WaitingTask, now: number): Generator<string> {
  if (task.priority !== 'medium') yield task.priority
  if (task.queue !== 'default') yield `in ${task.queue}`
  if (task.attempts > 0) yield `tried ${task.attempts} of ${task.maxAttempts}`
  yield `for ${formatDuration(now - Number(task.runAt ?? task.createdAt))}`
}

function* waitingFacts(task: WaitingTask, now: number): Generator<string> {
  const { dependencies, openDependencies: open, runAt } = task
  if (open > 0)
    yield dependencies.length === 1 ? `after ${dependencies[0]}` : `after ${open} of ${dependencies.length}`
  if (runAt !== undefined) yield runAt.getTime() > now ? `in ${formatDuration(runAt.getTime() - now)}` : 'due'
  if (task.attempts > 0) yield `tried ${task.attempts} of ${task.maxAttempts}`
}

function* runningFacts(task: Task, now: number): Generator<string> {
  if (task.status === 'lapsed') yield 'lapsed'
  yield task.assignedTo ?? 'somebody'
  yield formatDuration(now - Number(task.claimedAt ?? task.updatedAt))
  if (task.progress !== undefined) yield spell(task.progress, 'people')
  if (task.attempts > 1) yield `attempt ${task.attempts} of ${task.maxAttempts}`
}

function* doneFacts({ assignedTo, claimedAt, completedAt }: Task, now: number): Generator<string> {
  if (assignedTo !== undefined) yield assignedTo
  if (completedAt === undefined) return
  if (claimedAt !== undefined) yield `took ${formatDuration(completedAt.getTime() - claimedAt.getTime())}`
  yield `${formatDuration(now - completedAt.getTime())} ago`
}

function* failedFacts(task: Task, now: number): Generator<string> {
  const last = task.errors.at(-1)
  yield task.status === 'dead' ? `dead after ${task.attempts}` : 'failed'
  if (last !== undefined) yield messageOf(last.error)
  else if (task.causedBy !== undefined) yield `because of ${task.causedBy}`
  yield `${formatDuration(now - Number(task.completedAt ?? task.updatedAt))} ago`
}

function messageOf(error: Json): string {
  return spell(isObject(error) && typeof error.message === 'string' ? error.message : error, 'people')
}

function clean(text: string): string {
  return visible(oneLine(text))
}
