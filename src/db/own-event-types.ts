/** What the types of the events begin with that the store itself appends, as part of what they tell of. */
export const ownEventDomains = [
  'agent',
  'consensus',
  'leader',
  'memory',
  'reservation',
  'schedule',
  'task',
  'token',
  'topology',
  'workflow',
] as const

/** The type of such an event, which no caller can log: see `checkEventType`. */
export type OwnEventType = `${(typeof ownEventDomains)[number]}.${string}`
