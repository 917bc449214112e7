import { inject } from 'vitest';
import type { EngineAccess } from './engine.ts';
import { runCommand } from '../run-command.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket of the engine that tests/setup.ts started, with both images; empty where there is none. */
    dockerSocket: string;
  }
}

/**
 * The engine of this test run. Files run one after another: each removes the containers that it made.
 * @throws Error where the machine has no engine for tests
 */
export function sharedEngine(): EngineAccess {
  const socketPath = inject('dockerSocket');
  if (socketPath === '')
    throw new Error('this test needs a Docker engine: run `npm test` as root, on Debian or with docker.io installed');
  return {
    socketPath,
    docker: async (...args) => (await runCommand('docker', ['-H', `unix://${socketPath}`, ...args])).trimEnd(),
  };
}
