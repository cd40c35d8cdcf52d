import os from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowestReporter } from './test/support/slowest-reporter.ts'

export default defineConfig({
  test: {
    globalSetup: 'test/support/setup.ts',
    environment: 'node',
    include: ['test/**/*.test.ts', 'src/**/*.test.ts'],
    reporters: ['default', new SlowestReporter()],
    // Else a line for every test that takes longer than 300 ms hides the files that fail.
    slowTestThreshold: 20_000,
    // Forks, since many tests kill processes, fill disks or change the environment.
    pool: 'forks',
    // More than half of the tests' time is spent waiting: for leases, for a server, for processes of their own.
    maxWorkers: 2 * os.availableParallelism(),
    // Ten times what the slowest take on a quiet machine: no test is to fail since others keep the machine busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // For another process, a server or a timer.
    expect: { poll: { timeout: 30_000 } },
  },
})
