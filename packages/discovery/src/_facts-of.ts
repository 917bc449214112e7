import type { DescribeFacts } from './describe-container.ts';
import { dialectsOf } from './dialects/all-dialects.ts';
import { NO_WORDS } from './image-words.ts';

/** What is known beside the container, for unit tests: all dialects, and dproxy on the host of the engine. */
export function factsOf(parts: Partial<DescribeFacts> = {}): DescribeFacts {
  return {
    engine: 'unix:///run/docker.sock',
    vantage: { kind: 'host', networks: new Set(['n-bridge']), publishedAddress: '127.0.0.1', ownName: '' },
    imageWords: NO_WORDS,
    exposedByDefault: true,
    readiness: false,
    networkOwner: undefined,
    isDraining: false,
    dialects: dialectsOf({}),
    listeners: new Set(['http', 'https']),
    offers: new Map(),
    ...parts,
  };
}
