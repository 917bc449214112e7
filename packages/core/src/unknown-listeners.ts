import { sourceOf } from './claims.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Listener } from './listener.ts';
import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';

/**
 * Names of listeners that routes ask for and that are not there. The routes are kept: the file may still define the listener, and
 * until then nobody reaches them there, which is what naming a listener is for.
 */
export function unknownListeners(
  definitions: readonly RouteDefinition[],
  listeners: readonly Pick<Listener, 'id' | 'protocol'>[],
): Rejection[] {
  const known = new Set(
    listeners.filter(({ protocol }) => protocol === 'http' || protocol === 'https').map(({ id }) => id),
  );
  return definitions.flatMap((definition) =>
    definition.listeners.filter((id) => !known.has(id)).map((id) => refusal(definition, id, [...known])),
  );
}

function refusal(definition: RouteDefinition, id: string, known: readonly string[]): Rejection {
  const meant = didYouMean(id, known);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  const there = known.length === 0 ? 'none' : known.join(', ');
  const [host = ''] = definition.hosts;
  return {
    source: sourceOf(definition),
    line: definition.origin.line,
    column: 0,
    message: `${host}${definition.path}: no listener for HTTP is called ${JSON.stringify(id)}, so nobody reaches it there`,
    expected: `${hint}A listener that is there (${there}), or its address under listen: in dproxy.yml`,
  };
}
