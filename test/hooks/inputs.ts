import type { HookEvent } from '../../src/hooks/hook-events.ts'

/** What every event has. */
export const base = {
  session_id: '5f0c2a1e-8d7b-4a43-9a0e-2f4f6f1f7a10',
  transcript_path: '/home/me/.claude/projects/-work-app/5f0c2a1e.jsonl',
  cwd: '/home/ada/app',
  permission_mode: 'default',
}

/** The records that this session has in the store. */
export const sessionId = `claude-code:${base.session_id}`

/** An input of every event that has a hook, in the order in which a session has them. */
export const inputs = {
  SessionStart: { ...base, hook_event_name: 'SessionStart', source: 'startup', model: 'claude-opus-4-8' },
  UserPromptSubmit: { ...base, hook_event_name: 'UserPromptSubmit', prompt: 'Write the parser' },
  PreToolUse: {
    ...base,
    hook_event_name: 'PreToolUse',
    tool_name: 'Edit',
    tool_input: { file_path: '/home/ada/app/src/parse.ts', old_string: 'a', new_string: 'b' },
    tool_use_id: 'toolu_01',
  },
  SubagentStart: {
    ...base,
    hook_event_name: 'SubagentStart',
    agent_id: 'a3f9c2',
    agent_type: 'Explore',
  },
  TaskCreated: {
    ...base,
    hook_event_name: 'TaskCreated',
    task_id: '1',
    task_subject: 'Write the parser',
    task_description: 'With tests for every error.',
    teammate_name: 'coder',
  },
  TaskCompleted: {
    ...base,
    hook_event_name: 'TaskCompleted',
    task_id: '1',
    task_subject: 'Write the parser',
  },
  SubagentStop: {
    ...base,
    hook_event_name: 'SubagentStop',
    stop_hook_active: false,
    agent_id: 'a3f9c2',
    agent_transcript_path: '/home/me/.claude/projects/-work-app/agent-a3f9c2.jsonl',
    agent_type: 'Explore',
    last_assistant_message: 'Found 3 parsers.',
  },
  Stop: {
    ...base,
    hook_event_name: 'Stop',
    stop_hook_active: false,
    last_assistant_message: 'The parser is written.',
    background_tasks: [],
    session_crons: [],
  },
  PreCompact: { ...base, hook_event_name: 'PreCompact', trigger: 'auto', custom_instructions: null },
  PostCompact: {
    ...base,
    hook_event_name: 'PostCompact',
    trigger: 'auto',
    compact_summary: 'The parser is written; the printer is next.',
  },
  SessionEnd: { ...base, hook_event_name: 'SessionEnd', reason: 'prompt_input_exit' },
} as const satisfies Record<HookEvent, object>
