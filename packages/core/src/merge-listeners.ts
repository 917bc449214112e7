import { isContainer, sourceOf } from './claims.ts';
import type { Listener } from './listener.ts';
import { portKey, PortBook, type PortDemand, type PortRules } from './port-book.ts';
import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';

/** A stream on the listener that it asked for. */
export interface PlacedStream {
  readonly listenerId: string;
  readonly definition: StreamDefinition;
}

export interface Placement {
  /** Those that were opened for a port, beside the given ones. */
  readonly opened: readonly Listener[];
  /** With the listeners of their public ports; without those that have no port left. */
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly PlacedStream[];
  readonly rejected: readonly Rejection[];
}

/**
 * Finds the listener of every port that routes and streams ask for: one that is there anyway, or one that is opened for it.
 * Who asks for a port first decides what it speaks; the age decides, so that every order of the sources has one outcome.
 */
export function placeOnListeners(
  definitions: readonly RouteDefinition[],
  streams: readonly StreamDefinition[],
  rules: PortRules,
): Placement {
  const routed = definitions.filter(({ publicPorts = [] }) => publicPorts.length > 0);
  if (routed.length === 0 && streams.length === 0) return { opened: [], definitions, streams: [], rejected: [] };
  const book = new PortBook(rules);
  const asked = [...routed.flatMap(demandsOfRoute), ...streams.map(demandOfStream)].sort(byAge);
  const rejected: Rejection[] = [];
  const placed = new Map<RouteDefinition | StreamDefinition, Map<string, string>>();
  for (const { definition, demand } of asked) {
    const answer = book.ask(demand);
    if ('listenerId' in answer) {
      const ports = placed.get(definition) ?? new Map<string, string>();
      placed.set(definition, ports.set(portKey(demand), answer.listenerId));
    } else {
      rejected.push(refusal(definition, answer));
    }
  }
  return {
    opened: book.opened,
    definitions: routed.length === 0 ? definitions : definitions.flatMap((each) => withListeners(each, placed)),
    streams: streams.flatMap((definition) =>
      [...(placed.get(definition)?.values() ?? [])].map((listenerId) => ({ listenerId, definition })),
    ),
    rejected,
  };
}

interface Asked {
  readonly definition: RouteDefinition | StreamDefinition;
  readonly demand: PortDemand;
}

function demandsOfRoute(definition: RouteDefinition): Asked[] {
  return (definition.publicPorts ?? []).map(({ port, protocol }) => ({
    definition,
    demand: { ...whoAsks(definition), listener: '', port, protocol, readsTls: false },
  }));
}

function demandOfStream(definition: StreamDefinition): Asked {
  const { listener, port, protocol, tls } = definition;
  return { definition, demand: { ...whoAsks(definition), listener, port, protocol, readsTls: tls !== 'none' } };
}

function whoAsks(definition: RouteDefinition | StreamDefinition): Pick<PortDemand, 'name' | 'owner' | 'isContainer'> {
  const { source, name } = definition.origin;
  return { name, owner: `${source} ${name}`, isContainer: isContainer(definition) };
}

/** A route that asked for ports only, and got none, would else answer everywhere. */
function withListeners(
  definition: RouteDefinition,
  placed: ReadonlyMap<object, ReadonlyMap<string, string>>,
): RouteDefinition[] {
  if ((definition.publicPorts ?? []).length === 0) return [definition];
  const ids = placed.get(definition)?.values() ?? [];
  const listeners = [...new Set([...definition.listeners, ...ids])];
  return listeners.length === 0 ? [] : [{ ...definition, listeners }];
}

function refusal(
  definition: RouteDefinition | StreamDefinition,
  { message, expected }: Pick<Rejection, 'message' | 'expected'>,
): Rejection {
  return { source: sourceOf(definition), line: definition.origin.line, column: 0, message, expected };
}

/** The oldest first; the rest of the order only has to be the same every time. */
function byAge({ definition: a, demand: left }: Asked, { definition: b, demand: right }: Asked): number {
  return (
    a.sinceMs - b.sinceMs ||
    compare(a.origin.source, b.origin.source) ||
    compare(a.id, b.id) ||
    left.port - right.port ||
    compare(left.protocol, right.protocol)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
