import type { Backend, BackendState } from './backend.ts';
import type { RouteDefinition } from './route.ts';
import type { SourceState } from './source.ts';
import type { StreamDefinition } from './stream.ts';
import { ownBackendIds } from './wake-names.ts';

/** What a container is about to be. */
export type ComingState = Extract<BackendState, 'stopped' | 'paused'>;

const REASONS: Readonly<Record<ComingState, string>> = {
  stopped: 'it is being put to sleep: a request starts it again',
  paused: 'it is being put to sleep: a request lets it go on',
};

/**
 * The same state, in which the backends of these containers and groups are what they will be in a moment: workers hold requests for
 * them before their engine does anything. What none of them has keeps its identity.
 */
export function applySleep(state: SourceState, coming: Coming): SourceState {
  if (coming.containers.size === 0) return state;
  const definitions = state.definitions.map((definition) => settle(definition, coming));
  const streams = state.streams?.map((stream) => settle(stream, coming));
  return { ...state, definitions, ...(streams === undefined ? {} : { streams }) };
}

/** What is about to sleep. */
export interface Coming {
  /** By full id. */
  readonly containers: ReadonlyMap<string, ComingState>;
  /** Groups of these, by id: of what the operator's routes lead to only the group is known. */
  readonly groups: ReadonlyMap<string, ComingState>;
}

export function comingOf(states: readonly SourceState[], containers: ReadonlyMap<string, ComingState>): Coming {
  const groups = new Map<string, ComingState>();
  if (containers.size === 0) return { containers, groups };
  for (const { wakePlans = [] } of states) {
    for (const { id, members } of wakePlans) {
      const state = members.map(({ containerId }) => containers.get(containerId)).find((each) => each !== undefined);
      if (state !== undefined) groups.set(id, state);
    }
  }
  return { containers, groups };
}

function settle<T extends RouteDefinition | StreamDefinition>(definition: T, { containers, groups }: Coming): T {
  const ofGroup = definition.wakes === undefined ? undefined : groups.get(definition.wakeGroup ?? '');
  const own = ofGroup === undefined ? undefined : ownBackendIds(definition);
  const stateOf = (backend: Backend): ComingState | undefined =>
    mayServe(backend)
      ? (containers.get(backend.containerId) ?? (own?.has(backend.id) ? ofGroup : undefined))
      : undefined;
  if (!definition.backends.some((backend) => stateOf(backend) !== undefined)) return definition;
  const backends = definition.backends.map((backend) => {
    const state = stateOf(backend);
    return state === undefined ? backend : { ...backend, state, reason: REASONS[state] };
  });
  return { ...definition, backends };
}

/** Whatever its source says of one that runs: one that starts or drains may be ready a moment later. */
function mayServe({ state }: Backend): boolean {
  switch (state) {
    case 'ready':
    case 'draining':
    case 'starting':
    case 'unhealthy':
      return true;
    case 'paused':
    case 'stopped':
    case 'unreachable':
      return false;
    default:
      return state satisfies never;
  }
}
