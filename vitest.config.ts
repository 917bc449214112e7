import { defineConfig } from 'vitest/config';

/** Their modules keep nothing but what is found again by the same input (prepared schemas, compiled patterns). */
const PURE = ['packages/{core,config}/src/**/*.test.ts', 'packages/discovery/src/dialects/**/*.test.ts'];

/**
 * `unit`: beside the code, no process and no port but loopback. `pure`: the same of code without sockets, timers and state; its
 * files share their modules, because loading those costs more than all of the tests. `whole`: tests/, real sockets, engine and processes; one
 * file at a time, because most of them own the machine's engine or count what a worker does.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], exclude: PURE, testTimeout: 60_000 } },
      { test: { name: 'pure', include: PURE, testTimeout: 60_000, isolate: false } },
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
