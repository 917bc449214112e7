import { compileAddressPolicy } from './address-policy.ts';
import { mayBeConnected, type Backend } from './backend.ts';
import { READINESS_CHECK, type HealthCheck } from './health-check.ts';
import type { RouteDefinition } from './route.ts';
import type { SourceState } from './source.ts';
import type { StreamDefinition } from './stream.ts';

/** What a check says against a backend that its source calls ready or draining. Healthy ones have no verdict. */
export interface HealthVerdict {
  readonly state: 'starting' | 'unhealthy';
  /** What was found, for people. */
  readonly reason: string;
}

/** A backend that is to be checked, and how. */
export interface HealthTarget {
  readonly backend: Backend;
  readonly check: HealthCheck;
  /** As in `Readiness`: until it has passed once. Absent: again and again. */
  readonly startedMs?: number;
  readonly afterMs?: number;
}

/**
 * Backends of definitions that ask for checks, while they may be connected: a verdict holds while its backend drains. One that
 * two definitions check differently is there twice; one that no container may have (threats: SSRF by label) is not asked.
 *
 * @param ownAddresses as in `WorkerSettings`
 */
export function* healthTargets(
  states: Iterable<SourceState>,
  ownAddresses: readonly string[],
): Generator<HealthTarget> {
  const refuse = compileAddressPolicy(ownAddresses);
  for (const { definitions, streams = [] } of states) {
    for (const definition of [...definitions, ...streams]) {
      for (const target of targetsOf(definition)) {
        const { backend, check } = target;
        const port = check.port === 0 ? backend.port : check.port;
        const isRefused = backend.containerId !== '' && refuse(backend.address, port) !== undefined;
        if (!isRefused) yield target;
      }
    }
  }
}

const NONE: readonly HealthTarget[] = [];

function targetsOf({
  health: check,
  readiness,
  backends,
}: Pick<RouteDefinition, 'health' | 'readiness' | 'backends'>): readonly HealthTarget[] {
  if (check !== undefined) return backends.filter(mayBeConnected).map((backend) => ({ backend, check }));
  if (readiness === undefined) return NONE;
  return readiness.flatMap(({ backendId, ...since }) => {
    const backend = backends.find(({ id }) => id === backendId);
    const isAsked = backend !== undefined && mayBeConnected(backend);
    return isAsked ? [{ backend, check: READINESS_CHECK, ...since }] : NONE;
  });
}

/** The same state, in which backends with a verdict are not ready. What has none keeps its identity. */
export function applyHealth(state: SourceState, verdicts: ReadonlyMap<string, HealthVerdict>): SourceState {
  if (verdicts.size === 0) return state;
  const definitions = state.definitions.map((definition) => judge(definition, verdicts));
  const streams = state.streams?.map((stream) => judge(stream, verdicts));
  return { ...state, definitions, ...(streams === undefined ? {} : { streams }) };
}

function judge<T extends RouteDefinition | StreamDefinition>(
  definition: T,
  verdicts: ReadonlyMap<string, HealthVerdict>,
): T {
  if (!definition.backends.some(({ id }) => verdicts.has(id))) return definition;
  const backends = definition.backends.map((backend) => {
    const verdict = verdicts.get(backend.id);
    return verdict === undefined || !mayBeConnected(backend) ? backend : { ...backend, ...verdict };
  });
  return { ...definition, backends };
}
