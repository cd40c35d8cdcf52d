import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: 'test/support/setup.ts',
    environment: 'node',
    include: ['test/**/*.test.ts', 'src/**/*.test.ts'],
    // Forks, since many tests kill processes, fill disks or change the environment.
    pool: 'forks',
    // Many tests start processes of their own: more workers than this only make them wait for each other.
    maxWorkers: 2,
    // Ten times what the slowest take on a quiet machine: no test is to fail since others keep the machine busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // For another process, a server or a timer.
    expect: { poll: { timeout: 30_000 } },
  },
})
