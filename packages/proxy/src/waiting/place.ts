import type { WakeGroup } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { CompiledStream } from '../compiled-streams.ts';

/** What is waited for: a route or a stream, under whatever Snapshot. */
export interface Place {
  readonly kind: 'route' | 'stream';
  readonly id: string;
}

/** Names a place in maps. */
export function placeKey({ kind, id }: Place): string {
  return `${kind} ${id}`;
}

/** @returns undefined: it has left the table */
export function findPlace(compiled: CompiledSnapshot, place: Place): CompiledRoute | CompiledStream | undefined {
  return place.kind === 'route' ? compiled.routes.get(place.id) : compiled.streams.byId.get(place.id);
}

/** Ids of the backends that answer for it. */
export function backendIdsOf({ route }: CompiledRoute | CompiledStream): readonly string[] {
  if (!('action' in route)) return route.backends.map(({ backendId }) => backendId);
  return route.action.type === 'forward' ? route.action.backends.map(({ backendId }) => backendId) : [];
}

/** @returns undefined: nobody can be woken for it */
export function wakeGroupOf(
  { source }: CompiledSnapshot,
  { route }: CompiledRoute | CompiledStream,
): WakeGroup | undefined {
  return route.wakeGroup === '' ? undefined : source.wakeGroups.get(route.wakeGroup);
}
