import { defineConfig } from 'vitest/config';

/** What starts processes, or changes the environment of its own: a process for each file. */
const APART = ['packages/cluster/src/**/*.test.ts', 'packages/dproxy/src/create-proxy.test.ts'];

/**
 * `unit`: beside the code, no port but loopback. Its files share their modules, because loading those costs more than all of the
 * tests: so a test leaves nothing behind (`--sequence.shuffle` finds what does). `apart`: the same without sharing. `whole`:
 * tests/, real sockets, engine and processes; one file at a time, because most of them own the machine's engine or count what
 * a worker does.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: APART,
          testTimeout: 60_000,
          isolate: false,
        },
      },
      { test: { name: 'apart', include: APART, testTimeout: 60_000 } },
      {
        test: {
          name: 'whole',
          include: ['tests/**/*.test.ts'],
          globalSetup: ['tests/setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
