/** A test that does not hold on one engine, or through the client of a server, and why it need not. */
export interface Difference {
  engine: 'postgres' | 'http'
  suite: string
  test: string
  why: string
}

/** Suites of what needs the store itself, which the client of a server refuses as `unsupported`. */
export const beside: Readonly<Record<string, string>> = {
  'event groups': 'a consumer group is a lease of the process that reads',
  'event model': 'a consumer group is a lease of the process that reads',
  leadership: 'a leader is a process beside the store',
  leases: 'restarts of the machine concern leases of groups and workflows',
  'workflow runs': 'workflows run beside the store',
  'workflow lapses': 'workflows run beside the store',
  'workflow timers': 'workflows run beside the store',
  'task ahead': 'a worker claims ahead beside the store only',
  restores: 'the files are on another machine',
}

/** All that an engine does otherwise than the suites say. A test that is listed here must fail. */
export const differences: readonly Difference[] = [
  {
    engine: 'http',
    suite: 'agents',
    test: 'tells who holds what, or held it last',
    why: 'the server itself asks that, of what its callers want to settle',
  },
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'claims what plain SQL inserted, whatever its times are',
    why: 'a column of times takes times only',
  },
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'is not held up by a row without an id, which the documented table allows',
    why: 'a primary key is never null',
  },
  {
    engine: 'postgres',
    suite: 'task queue',
    test: 'is not held up by many running rows without an id, nor are lists',
    why: 'a primary key is never null',
  },
  {
    engine: 'http',
    suite: 'task worker',
    test: 'hears of new tasks, of those that become due, and of those whose workers died',
    why: 'a worker asks the server four times a second, and claims in another order',
  },
  {
    engine: 'http',
    suite: 'task worker',
    test: 'goes on whatever a handler throws, and keeps what it can of that',
    why: 'its worker keeps name and message of what was thrown',
  },
  {
    engine: 'http',
    suite: 'task worker leases',
    test: 'tells the handler of a cancelled task to stop, long before the next heartbeat',
    why: 'its worker hears of it at the next heartbeat',
  },
  {
    engine: 'http',
    suite: 'task worker leases',
    test: 'gives up a task whose lease it cannot renew before anybody else can have it',
    why: 'the test keeps the worker from the store itself',
  },
  {
    engine: 'http',
    suite: 'task worker leases',
    test: 'tells the claims of one task apart when it claims a lost one again',
    why: 'its worker hears of it at the next heartbeat',
  },
  {
    engine: 'http',
    suite: 'task worker',
    test: 'does not keep at it when ready tasks are not for it',
    why: 'statements of the server are told there',
  },
  {
    engine: 'http',
    suite: 'events',
    test: 'lets a group go on after the last event it asked beyond',
    why: 'a consumer group is a lease of the process that reads',
  },
  {
    engine: 'http',
    suite: 'events',
    test: 'keeps what was logged while a new group was away',
    why: 'a consumer group is a lease of the process that reads',
  },
  {
    engine: 'http',
    suite: 'events',
    test: 'moves a group past events of other types, so that it does not fall behind the floor',
    why: 'a consumer group is a lease of the process that reads',
  },
  {
    engine: 'http',
    suite: 'events',
    test: 'tells a group that fell behind the floor, and lets it go on from there',
    why: 'a consumer group is a lease of the process that reads',
  },
  {
    engine: 'http',
    suite: 'events',
    test: 'prunes by age up to the first event to be kept, and goes on counting after an empty log',
    why: 'a consumer group is a lease of the process that reads',
  },
  {
    engine: 'http',
    suite: 'event seal',
    test: 'reads in slices, tells how far it is, and stops when it is told to',
    why: 'progress is not told over HTTP',
  },
  {
    engine: 'http',
    suite: 'event seal',
    test: 'holds in what a restore brings back, the event of the restore included',
    why: 'the files are on another machine',
  },
  {
    engine: 'http',
    suite: 'shared leases',
    test: 'does not look at the store again before a lease can lapse, when nobody writes',
    why: 'statements of the server are told there',
  },
  {
    engine: 'http',
    suite: 'maintenance',
    test: 'exports and imports a namespace',
    why: 'the files are on another machine',
  },
  {
    engine: 'http',
    suite: 'maintenance',
    test: 'backs up and restores',
    why: 'the files are on another machine',
  },
  {
    engine: 'http',
    suite: 'maintenance',
    test: 'gives space back, and tidies up, while others write; each shows its progress',
    why: 'progress is not told over HTTP',
  },
  {
    engine: 'http',
    suite: 'maintenance',
    test: 'finds nothing wrong with a new store',
    why: 'the doctor looks at the store where it is',
  },
  {
    engine: 'http',
    suite: 'task creation',
    test: 'creates in one call what no one statement takes',
    why: 'a server takes 16 MiB in one call',
  },
]
