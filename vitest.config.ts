import os from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowestReporter } from './test/support/slowest-reporter.ts'

/** Tests that have a process to themselves: it keeps its files on a disk, or all that it does and keeps is looked at. */
const apart = [
  'test/crash/**/*.test.ts',
  'test/http/{fuzz,streams}.test.ts',
  'test/growth/**/*.test.ts',
  'test/engine/slices.test.ts',
  'test/postgres/{hostile-sql,reuse}.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: 'test/support/setup.ts',
    setupFiles: ['test/support/seed.ts'],
    environment: 'node',
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
    projects: [
      { extends: true, test: { name: 'apart', include: apart } },
      // One process after the other's files: the start of a process costs more than most files do. So every test leaves
      // the process as it was: `onTestFinished` closes, restores and removes.
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: apart, isolate: false },
      },
    ],
  },
})
