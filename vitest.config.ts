import { defineConfig } from 'vitest/config';

/**
 * `unit`: beside the code, no process and no port but loopback. `whole`: tests/, real sockets, engine and processes; one
 * file at a time, because most of them own the machine's engine or count what a worker does.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 60_000 } },
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
