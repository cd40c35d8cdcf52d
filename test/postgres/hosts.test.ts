import { spawnSync } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { createTasks, expectEachOnce, holdTask, untilCompleted } from '../support/batches.ts'
import { type Child, startChildBy } from '../support/child.ts'
import { openPostgresScratch, withClient } from '../support/postgres.ts'
import { startServer } from '../support/postgres-server.ts'

/** Two addresses of a small network each: this side's, where the server listens, and the other host's. */
const networks = [
  { here: '10.213.77.1', there: '10.213.77.2' },
  { here: '10.213.77.5', there: '10.213.77.6' },
]

/** What `ip` says when it fails. */
function ip(command: string): string | undefined {
  const { status, stderr, error } = spawnSync('ip', command.split(' '), { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** Makes hosts of network namespaces, each with a cable to this one. Returns why it cannot. */
function connectHosts(names: readonly string[]): string | undefined {
  for (const [i, name] of names.entries()) {
    const { here, there } = networks[i]!
    const commands = [
      `netns add ${name}`,
      `link add ${name} type veth peer name eth0 netns ${name}`,
      `addr add ${here}/30 dev ${name}`,
      `link set ${name} up`,
      `-n ${name} addr add ${there}/30 dev eth0`,
      `-n ${name} link set eth0 up`,
    ]
    onTestFinished(() => {
      ip(`link del ${name}`)
      ip(`netns del ${name}`)
    })
    for (const command of commands) {
      const failure = ip(command)
      if (failure !== undefined) return `ip ${command}: ${failure}`
    }
  }
  return undefined
}

it('shares work between two hosts, each task done once, though the cable of one is pulled for a while', async context => {
  const names = ['a', 'b'].map(letter => `hw${letter}${process.pid}`)
  const reason = connectHosts(names)
  if (reason !== undefined) {
    console.info(`two hosts were not tried, for this machine cannot have them: ${reason}`)
    return context.skip(reason)
  }
  const address = networks.map(({ here }) => here).join(',')
  const server = startServer({ listen: { address, port: 5432 } })
  onTestFinished(() => server.stop())
  await withClient(client => client.query("create role ada login superuser password 'secret'"), server.url)
  const memory = await openPostgresScratch({}, server.url)
  await createTasks(memory, 1)
  const release = await holdTask(memory)
  let created = 1
  const createMore = async (count: number) => {
    await createTasks(memory, count, created)
    created += count
  }
  const children = names.map((name, i) => {
    const url = `postgres://ada:secret@${networks[i]!.here}:5432/postgres`
    return startChildBy(['ip', 'netns', 'exec', name], 'complete-batches', url, name, 2, 1_000)
  })
  const hasWorked = ({ lines }: Child) => lines.some(line => line.startsWith('completed'))
  // However fast one of them is, the other gets its share; and there is work when the cable is pulled.
  while (!children.every(hasWorked)) {
    await untilCompleted(memory, created - 1)
    await createMore(100)
  }
  await createMore(500)
  ip(`link set ${names[1]} down`)
  await untilCompleted(memory, created - 100)
  ip(`link set ${names[1]} up`)
  await createMore(500)
  await release()
  await expectEachOnce(memory, children, created)
  const owners = await memory.query('select assigned_to, count(*) as tasks from tasks group by assigned_to')
  console.info('tasks by host:', owners.map(({ tasks }) => tasks).join(', '))
  expect(owners).toHaveLength(2)
})
