import type { Memory } from '../../../src/memory.ts'

/** Markup, scripts, and characters that reorder or hide: what a page is to show, and never to do. */
export const hostile = {
  markup: `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`,
  bidi: 'safe\u202etxt.exe\u2066 and\u200bhidden',
  link: 'javascript:document.title="owned"',
}

/** A swarm in the middle of its work, of which some goes wrong. */
export async function fillSwarm(memory: Memory): Promise<void> {
  await fillAgents(memory)
  await fillMemory(memory)
  await fillTasks(memory)
}

async function fillAgents(memory: Memory): Promise<void> {
  const { agents } = memory
  await agents.register({ id: 'planner', type: 'planner', capabilities: ['plan'], ttl: 3600 })
  await agents.register({
    id: 'coder-1',
    type: 'coder',
    capabilities: ['typescript', 'sql'],
    state: { branch: 'auth', files: ['src/login.ts', 'src/token.ts'] },
    swarmId: 'main',
    ttl: 3600,
  })
  await agents.register({ id: 'coder-2', type: 'coder', capabilities: ['typescript'], ttl: 3600 })
  await agents.register({ id: 'tester-1', type: 'tester', capabilities: ['test'], ttl: 0.001 })
  await agents.storeMemory('coder-1', 'style', { semicolons: false, width: 110 })
}

async function fillMemory(memory: Memory): Promise<void> {
  const planner = memory.as('planner')
  const coder = memory.as('coder-1')
  await planner.kv.store('decision/auth', {
    use: 'passkeys',
    because: 'no passwords to lose',
    open: ['recovery'],
  })
  await coder.kv.store('decision/auth', { use: 'passkeys', because: 'no passwords to lose', open: [] })
  await planner.kv.store('decision/storage', 'SQLite until there is a second machine')
  await coder.kv.store('plan', { step: 3, of: 7, next: ['token refresh', 'logout'], budget: { hours: 6.5 } })
  await coder.kv.store('notes/login', 'First line\nSecond line, of a longer note\n\n- and a list')
  for (let i = 0; i < 40; i++)
    await coder.kv.store(`finding/${String(i).padStart(3, '0')}`, { file: `src/part-${i}.ts`, ok: i % 3 > 0 })
  await coder.kv.store('session-cache', { hits: 12 }, { namespace: 'cache', ttl: 3600 })
  await coder.kv.store('answers', [1, 2, 3], { namespace: 'research' })
}

async function fillTasks(memory: Memory): Promise<void> {
  const { tasks } = memory
  const create = (id: string, description: string, more: object = {}) =>
    tasks.create({ id, description, createdBy: 'planner', ...more })
  const claim = async (agentId: string, queue: string, leaseMs = 3_600_000) => {
    const [task] = await tasks.claim({ agentId, queues: [queue], leaseMs })
    if (task === undefined) throw new Error(`there is no task in ${queue}`)
    return task
  }
  await create('schema', 'Design the tables of users and sessions', {
    queue: 'backend',
    payload: { tables: 2 },
  })
  const { id, token } = await claim('coder-1', 'backend')
  await tasks.complete({ id, token, result: { tables: ['users', 'sessions'] } })

  await create('export', 'Fetch the legacy user export', { queue: 'legacy', maxAttempts: 1 })
  const failing = await claim('coder-2', 'legacy')
  await tasks.fail({ ...failing, error: new Error('503 from the old system: maintenance until Monday') })
  await create('avatars', 'Copy the avatars', { queue: 'legacy' })
  const refused = await claim('coder-2', 'legacy')
  await tasks.fail({ ...refused, error: { message: 'bucket not found', bucket: 'avatars-eu' }, retry: false })

  await create('index', 'Index the old tickets', { queue: 'search' })
  await claim('tester-1', 'search', 1)
  await create('refresh', 'Refresh tokens before they expire', { queue: 'backend', priority: 'high' })
  await claim('coder-1', 'backend')
  await create('login', 'Write the login form', { queue: 'frontend', priority: 'critical' })
  await create('docs', 'Describe the sign-in in the guide', {
    dependencies: ['login', 'refresh'],
    priority: 'low',
  })
  for (let i = 1; i <= 12; i++)
    await create(`review-${i}`, `Review part ${i} of the change`, { queue: 'review' })
  await memory.as('coder-1').locks.acquire('main-branch', { leaseMs: 3_600_000 })
}
