import { compileAddressPolicy, type AddressPolicy } from './address-policy.ts';
import type { Backend } from './backend.ts';
import { sourceOf } from './claims.ts';
import type { Listener } from './listener.ts';
import type { PlacedStream, Placement } from './merge-listeners.ts';
import type { Rejection } from './rejection.ts';
import type { RouteDefinition } from './route.ts';
import type { StreamDefinition } from './stream.ts';

interface Said {
  readonly definitions: readonly RouteDefinition[];
  readonly streams: readonly StreamDefinition[];
}

interface Screened extends Said {
  readonly rejected: readonly Rejection[];
}

/**
 * Where ports answer that were opened for containers, as `ip:port`: on every address of this machine that we know.
 *
 * @param ownAddresses as in `WorkerSettings`
 */
export function openedAddresses(opened: readonly Listener[], ownAddresses: readonly string[]): string[] {
  if (opened.length === 0) return [];
  const hosts = new Set(ownAddresses.map((address) => address.slice(0, address.lastIndexOf(':'))));
  const ports = opened.flatMap(({ addresses }) => addresses.map(({ port }) => port));
  return [...new Set(ports)].flatMap((port) => [...hosts].map((host) => `${host}:${port}`));
}

/** Takes out the backends that no container may have, and the definitions that have none left. */
export function screenBackends(said: Said, refuse: AddressPolicy): Screened {
  const definitions: RouteDefinition[] = [];
  const streams: StreamDefinition[] = [];
  const rejected: Rejection[] = [];
  const refusedOf = (definition: RouteDefinition | StreamDefinition): ReadonlySet<string> => {
    const refused = new Set<string>();
    for (const backend of definition.backends) {
      const reason = backend.containerId === '' ? undefined : refuse(backend.address, backend.port);
      if (reason === undefined) continue;
      refused.add(backend.id);
      rejected.push(refusal(definition, backend, reason));
    }
    return refused;
  };
  for (const definition of said.definitions) {
    const refused = refusedOf(definition);
    const rest = refused.size === 0 ? definition : withoutBackends(definition, refused);
    if (rest !== undefined) definitions.push(rest);
  }
  for (const stream of said.streams) {
    const refused = refusedOf(stream);
    if (refused.size === 0) streams.push(stream);
    else if (stream.refs.some(({ backendId }) => !refused.has(backendId))) streams.push(restOf(stream, refused));
  }
  return { definitions, streams, rejected };
}

/** The same for what has its listeners already. */
export function screenPlaced(
  { definitions, streams }: Pick<Placement, 'definitions' | 'streams'>,
  opened: readonly string[],
): Pick<Placement, 'definitions' | 'streams' | 'rejected'> {
  if (opened.length === 0) return { definitions, streams, rejected: [] };
  const refuse = compileAddressPolicy(opened);
  const kept: PlacedStream[] = [];
  const rejected: Rejection[] = [];
  const screened = screenBackends({ definitions, streams: [] }, refuse);
  for (const { listenerId, definition: said } of streams) {
    const one = screenBackends({ definitions: [], streams: [said] }, refuse);
    rejected.push(...one.rejected);
    for (const definition of one.streams) kept.push({ listenerId, definition });
  }
  return { definitions: screened.definitions, streams: kept, rejected: [...screened.rejected, ...rejected] };
}

function refusal(
  definition: Pick<RouteDefinition, 'origin' | 'backends'>,
  { address, port }: Backend,
  reason: string,
): Rejection {
  return {
    source: sourceOf(definition),
    line: definition.origin.line,
    column: 0,
    message: `${address}:${port} is refused as a backend: ${reason}`,
    expected: 'an address of the container on a network that dproxy shares, or its published port',
  };
}

function withoutBackends(definition: RouteDefinition, refused: ReadonlySet<string>): RouteDefinition | undefined {
  const backends = definition.backends.filter(({ id }) => !refused.has(id));
  if (definition.action.type !== 'forward') return { ...definition, backends };
  const refs = definition.action.backends.filter(({ backendId }) => !refused.has(backendId));
  return refs.length === 0 ? undefined : { ...definition, backends, action: { type: 'forward', backends: refs } };
}

function restOf(stream: StreamDefinition, refused: ReadonlySet<string>): StreamDefinition {
  return {
    ...stream,
    backends: stream.backends.filter(({ id }) => !refused.has(id)),
    refs: stream.refs.filter(({ backendId }) => !refused.has(backendId)),
  };
}
