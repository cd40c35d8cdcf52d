import type { Command } from '../command.ts'

/** Commands that run other programs. */
export const workCommands: readonly Command[] = [
  {
    path: 'work',
    topic: 'tasks',
    summary: 'Claim tasks and run a command for each, until Ctrl-C',
    effect: 'write',
    positionals: [
      {
        name: 'command',
        type: 'text',
        isList: true,
        isVerbatim: true,
        description:
          'The program and its arguments, after --. It gets the task as JSON on its standard input, and as HIVEWAX_TASK_ID, _TOKEN, _ATTEMPT, _DESCRIPTION and _PAYLOAD; what it prints is the result. Exit code 0 completes the task, 75 gives it back for later, 65 fails it for good, any other fails the attempt',
      },
    ],
    options: [
      { name: 'exec', type: 'text', description: 'A line of shell to run instead of a program' },
      {
        name: 'agentId',
        type: 'text',
        description: 'Who claims; default: the acting agent, else this process',
      },
      {
        name: 'capabilities',
        type: 'text',
        isList: true,
        description: 'What it can do; default: what the agent was registered with',
      },
      { name: 'queues', type: 'text', isList: true, description: 'Only tasks of these queues; default: all' },
      { name: 'concurrency', type: 'integer', short: 'c', description: 'How many tasks at once; default: 1' },
      {
        name: 'lease',
        type: 'text',
        description: 'How long others wait for a task, should this process be killed; default: 30s',
      },
      {
        name: 'once',
        type: 'boolean',
        description: 'End when nothing is left to do, instead of waiting for more',
      },
      {
        name: 'drain',
        type: 'text',
        description: 'How long running commands may go on after Ctrl-C, before they are ended; default: 30s',
      },
      {
        name: 'later',
        type: 'text',
        description: 'How long a task waits that its command gave back with exit code 75; default: 10s',
      },
    ],
    examples: [
      "hivewax work --exec 'make build'",
      'hivewax work --agent-id builder-1 --concurrency 4 --once -- node build.js --fast',
      `hivewax work --exec 'hivewax tasks heartbeat "$HIVEWAX_TASK_ID" "$HIVEWAX_TASK_TOKEN" --progress 50; ./run.sh'`,
    ],
  },
  {
    path: 'lock run',
    summary: 'Run a command while holding a lock',
    effect: 'write',
    positionals: [
      { name: 'name', type: 'text', isRequired: true, description: "The lock's name" },
      {
        name: 'command',
        type: 'text',
        isList: true,
        isVerbatim: true,
        isRequired: true,
        description: 'The program and its arguments, after --; its exit code is that of this command',
      },
    ],
    options: [
      {
        name: 'lease',
        type: 'text',
        description: 'How long the lock outlives this process, should that be killed; default: 30s',
      },
      {
        name: 'wait',
        type: 'text',
        description:
          'How long to wait while somebody else holds it, such as 5m; default: not at all (exit code 4)',
      },
      {
        name: 'delay',
        type: 'text',
        description:
          'How long others must wait besides, should the lease lapse without a release; default: 0',
      },
      {
        name: 'owner',
        type: 'text',
        description: 'Who holds it; default: the acting agent, else this process',
      },
    ],
    examples: [
      'hivewax lock run deploy -- npm run deploy',
      'hivewax lock run migrate --wait 5m --lease 1m -- sh -c \'./migrate --token "$HIVEWAX_LOCK_TOKEN"\'',
    ],
  },
]
