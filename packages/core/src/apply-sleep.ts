import type { Backend, BackendState } from './backend.ts';
import type { RouteDefinition } from './route.ts';
import type { SourceState } from './source.ts';
import type { StreamDefinition } from './stream.ts';

/** What a container is about to be. */
export type ComingState = Extract<BackendState, 'stopped' | 'paused'>;

const REASONS: Readonly<Record<ComingState, string>> = {
  stopped: 'it is being put to sleep: a request starts it again',
  paused: 'it is being put to sleep: a request lets it go on',
};

/**
 * The same state, in which the backends of these containers (by full id) are what they will be in a moment: workers hold requests
 * for them before their engine does anything. What none of them has keeps its identity.
 */
export function applySleep(state: SourceState, coming: ReadonlyMap<string, ComingState>): SourceState {
  if (coming.size === 0) return state;
  const definitions = state.definitions.map((definition) => settle(definition, coming));
  const streams = state.streams?.map((stream) => settle(stream, coming));
  return { ...state, definitions, ...(streams === undefined ? {} : { streams }) };
}

function settle<T extends RouteDefinition | StreamDefinition>(
  definition: T,
  coming: ReadonlyMap<string, ComingState>,
): T {
  if (!definition.backends.some((backend) => comingOf(backend, coming) !== undefined)) return definition;
  const backends = definition.backends.map((backend) => {
    const state = comingOf(backend, coming);
    return state === undefined ? backend : { ...backend, state, reason: REASONS[state] };
  });
  return { ...definition, backends };
}

/** Whatever its source says of one that runs: one that starts or drains may be ready a moment later. */
function comingOf({ containerId, state }: Backend, coming: ReadonlyMap<string, ComingState>): ComingState | undefined {
  switch (state) {
    case 'ready':
    case 'draining':
    case 'starting':
    case 'unhealthy':
      return coming.get(containerId);
    case 'paused':
    case 'stopped':
    case 'unreachable':
      return undefined;
    default:
      return state satisfies never;
  }
}
