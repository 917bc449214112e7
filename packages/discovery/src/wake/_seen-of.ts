import type { SeenContainer } from './wake-engine.ts';

/** A container that was stopped after it has run, for tests. */
export function seenOf(name: string, more: Partial<SeenContainer> = {}): SeenContainer {
  return {
    id: `${name}-id`,
    state: 'exited',
    health: 'none',
    exitCode: 0,
    startedMs: 1_000,
    endedMs: 2_000,
    restarts: 0,
    stopTimeoutMs: 10_000,
    hasTerminal: false,
    networkOf: '',
    project: 'shop',
    networks: [],
    ...more,
  };
}
