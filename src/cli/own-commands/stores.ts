import type { Command } from '../command.ts'

/** Commands that take a store's content elsewhere, or bring it from there. */
export const storeCommands: readonly Command[] = [
  {
    path: 'migrate',
    topic: 'maintenance',
    summary: 'Copy a store into another one, be it a file or PostgreSQL, and check the copy',
    effect: 'write',
    positionals: [],
    options: [
      {
        name: 'from',
        type: 'text',
        isRequired: true,
        description: 'The store to copy, as it is now: what is written to it meanwhile is not copied',
      },
      {
        name: 'to',
        type: 'text',
        isRequired: true,
        description:
          'The store to fill, created if need be; the same command goes on with what was broken off',
      },
      {
        name: 'force',
        type: 'boolean',
        description: 'Replace what the target holds; stop the programs that use it first',
      },
    ],
    examples: [
      'hivewax migrate --from .swarm/memory.db --to postgres://hive@db.example/swarm',
      'hivewax migrate --from postgres://hive@db.example/swarm --to copy.db',
    ],
  },
  {
    path: 'import',
    topic: 'maintenance',
    summary:
      'Bring over what other programs remembered, or an export: claude-flow, server-memory, JSON, Markdown',
    effect: 'write',
    positionals: [
      {
        name: 'paths',
        type: 'text',
        isList: true,
        isVerbatim: true,
        description:
          "Files, folders that export has written, or those of projects in which the old product's files are looked for; default: this project. They are only read; an old memory in the place of the new one is renamed",
      },
    ],
    options: [
      { name: 'dryRun', type: 'boolean', short: 'n', description: 'Only show what would come from where' },
      {
        name: 'namespace',
        type: 'text',
        description: 'Where records go that name no namespace; default: default',
      },
      {
        name: 'onConflict',
        type: 'text',
        choices: ['newer', 'skip', 'replace'],
        description:
          'What to do with a key that exists with another value; default: newer, the later one stays',
      },
      { name: 'expired', type: 'boolean', description: 'Bring what has expired too, and let it live on' },
      { name: 'vectors', type: 'boolean', description: 'Bring vectors too, into claude-flow:embedding' },
    ],
    examples: [
      'hivewax import --dry-run',
      'hivewax import .swarm/memory.db .hive-mind/hive.db',
      'hivewax import ~/memory.jsonl --namespace team',
    ],
  },
  {
    path: 'export',
    topic: 'maintenance',
    summary: 'Write memory into a folder as Markdown, a file for each record, for people and git to read',
    effect: 'read',
    positionals: [
      {
        name: 'folder',
        type: 'text',
        isRequired: true,
        description:
          'Empty, not there yet, or an earlier export: then what has changed is written, what is gone removed, and what somebody has edited stays, until import has taken it in',
      },
    ],
    options: [
      { name: 'namespace', type: 'text', description: 'Only this namespace; default: all' },
      { name: 'keys', type: 'text', description: "Only keys that match this glob, such as 'decision/*'" },
    ],
    examples: ['hivewax export memory', "hivewax export docs/decisions --keys 'decision/*'"],
  },
]
