import fs from 'node:fs'
import path from 'node:path'
import type { ClientName } from '../../src/setup/client-names.ts'

/** Where a client runs, and the model that it asks. */
export interface Place {
  readonly home: string
  readonly project: string
  readonly modelUrl: string
  /** The script that stands for `hivewax`. */
  readonly hivewax: string
}

/** A coding agent as its users have it, from npm. */
export interface RealClient {
  readonly name: ClientName
  readonly package: string
  readonly program: string
  /** Whether its hooks tell the model how things stand, before it has called a tool. */
  readonly hasHooks: boolean
  /** What a person does once: sign in, choose the model, trust the folder. */
  prepare(place: Place): void
  /** The same, where a command of the client's own does it. */
  signIn?(place: Place): readonly string[]
  /** Ends what it leaves running, which the next session would go to. */
  readonly end?: readonly string[]
  /** It is set up for all projects, for it knows no other way. */
  isOfHome?: boolean
  /** Commands of its own that a person runs once after `hivewax init`. */
  readonly approve?: readonly string[]
  /** Runs one prompt, with nobody there to be asked. */
  readonly args: readonly string[]
  env(place: Place): Record<string, string>
}

const prompt = 'Go on with the work.'
const noKey = 'none'

export const realClients: readonly RealClient[] = [
  {
    name: 'claude-code',
    package: '@anthropic-ai/claude-code',
    program: 'claude',
    hasHooks: true,
    prepare: ({ home, project }) =>
      write(home, '.claude.json', { projects: { [project]: { hasTrustDialogAccepted: true } } }),
    args: ['-p', prompt],
    env: ({ modelUrl }) => ({
      ANTHROPIC_BASE_URL: modelUrl,
      ANTHROPIC_API_KEY: noKey,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }),
  },
  {
    name: 'codex',
    package: '@openai/codex',
    program: 'codex',
    hasHooks: true,
    prepare: ({ home, project, modelUrl }) =>
      write(
        home,
        '.codex/config.toml',
        [
          'model = "scripted"',
          'model_provider = "loopback"',
          '[model_providers.loopback]',
          'name = "loopback"',
          `base_url = "${modelUrl}/v1"`,
          'wire_api = "responses"',
          'env_key = "LOOPBACK_KEY"',
          `[projects."${project}"]`,
          'trust_level = "trusted"',
          '[analytics]',
          'enabled = false',
        ].join('\n'),
      ),
    // In the place of a person who looks at the hooks and trusts them.
    args: ['exec', '--dangerously-bypass-hook-trust', '--skip-git-repo-check', prompt],
    env: () => ({ LOOPBACK_KEY: noKey }),
  },
  {
    name: 'gemini',
    package: '@google/gemini-cli',
    program: 'gemini',
    hasHooks: true,
    prepare: ({ home }) =>
      write(home, '.gemini/settings.json', {
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
        general: { enableAutoUpdate: false },
      }),
    args: ['-m', 'gemini-2.5-flash', '-p', prompt],
    env: ({ modelUrl }) => ({
      GEMINI_API_KEY: noKey,
      GOOGLE_GEMINI_BASE_URL: modelUrl,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    }),
  },
  {
    name: 'opencode',
    package: 'opencode-ai',
    program: 'opencode',
    hasHooks: false,
    prepare: ({ home, modelUrl }) =>
      write(home, '.config/opencode/opencode.json', {
        autoupdate: false,
        share: 'disabled',
        model: 'loopback/scripted',
        small_model: 'loopback/scripted',
        provider: {
          loopback: {
            npm: '@ai-sdk/openai-compatible',
            options: { baseURL: `${modelUrl}/v1`, apiKey: noKey },
            models: { scripted: { tool_call: true, limit: { context: 200_000, output: 8_000 } } },
          },
        },
      }),
    args: ['run', prompt],
    env: () => ({ OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' }),
  },
  {
    name: 'qwen',
    package: '@qwen-code/qwen-code',
    program: 'qwen',
    hasHooks: false,
    prepare: ({ home }) =>
      write(home, '.qwen/settings.json', {
        privacy: { usageStatisticsEnabled: false },
        general: { disableAutoUpdate: true },
      }),
    approve: ['mcp', 'approve', 'hivewax'],
    args: ['--auth-type', 'openai', '-p', prompt],
    env: ({ modelUrl }) => ({
      OPENAI_API_KEY: noKey,
      OPENAI_BASE_URL: `${modelUrl}/v1`,
      OPENAI_MODEL: 'scripted',
    }),
  },
  {
    name: 'copilot',
    package: '@github/copilot',
    program: 'copilot',
    hasHooks: false,
    prepare: ({ home, project }) => write(home, '.copilot/config.json', { trustedFolders: [project] }),
    args: ['-p', prompt, '--allow-all-tools'],
    env: ({ modelUrl }) => ({
      COPILOT_OFFLINE: 'true',
      COPILOT_AUTO_UPDATE: 'false',
      COPILOT_PROVIDER_BASE_URL: `${modelUrl}/v1`,
      COPILOT_MODEL: 'scripted',
    }),
  },
  {
    name: 'continue',
    package: '@continuedev/cli',
    program: 'cn',
    hasHooks: false,
    // Its command line reads no other file; `hivewax init` sets up what its editors read.
    prepare: ({ home, modelUrl, hivewax }) =>
      write(
        home,
        '.continue/config.yaml',
        [
          'name: loopback',
          'version: 1.0.0',
          'schema: v1',
          'models:',
          '  - name: scripted',
          '    provider: openai',
          '    model: scripted',
          `    apiBase: ${modelUrl}/v1`,
          `    apiKey: ${noKey}`,
          '    roles: [chat]',
          '    capabilities: [tool_use]',
          'mcpServers:',
          '  - name: hivewax',
          `    command: ${process.execPath}`,
          `    args: [${hivewax}, mcp]`,
        ].join('\n'),
      ),
    args: ['--auto', '-p', prompt],
    env: () => ({ CONTINUE_TELEMETRY_ENABLED: '0' }),
  },
  {
    name: 'cline',
    package: 'cline',
    program: 'cline',
    hasHooks: false,
    isOfHome: true,
    prepare: () => {},
    signIn: ({ modelUrl }) => ['auth', '-p', 'openai', '-k', noKey, '-m', 'scripted', '-b', `${modelUrl}/v1`],
    args: [prompt],
    end: ['hub', 'stop'],
    env: () => ({ CLINE_TELEMETRY_DISABLED: '1' }),
  },
]

function write(home: string, name: string, content: object | string): void {
  const file = path.join(home, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
}
