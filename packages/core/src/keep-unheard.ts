import type { Backend } from './backend.ts';
import type { Listener } from './listener.ts';
import type { Origin, Route } from './route.ts';
import type { Snapshot } from './snapshot.ts';
import type { StreamRoute } from './stream.ts';
import { usedBackends } from './used-backends.ts';
import type { WakeGroup } from './wake.ts';

/** What sources say, as tables. */
export interface Said {
  readonly listeners: readonly Listener[];
  readonly routes: readonly Route[];
  readonly streams: readonly StreamRoute[];
  readonly backends: readonly Backend[];
  readonly wakeGroups: readonly WakeGroup[];
}

/**
 * Adds to what was said since a start what `previous` has of sources that have not spoken yet. An engine that is away while the primary
 * restarts does not take its routes with it: while it is away, nobody else gets the addresses of its containers. What was said goes first;
 * a route of several sources waits for those that are missing without them.
 *
 * @param unheard names of sources, as in `Origin.source`
 */
export function keepUnheard(said: Said, previous: Snapshot | undefined, unheard: ReadonlySet<string>): Said {
  if (previous === undefined || unheard.size === 0) return said;
  const isUnheard = ({ origins }: { readonly origins: readonly Origin[] }): boolean =>
    origins.length > 0 && origins.every(({ source }) => unheard.has(source));
  const routes = missing(said.routes, previous.routes).filter(isUnheard);
  const streams = missing(said.streams, previous.streams).filter(isUnheard);
  const used = {
    listeners: new Set([
      ...routes.flatMap(({ listeners }) => listeners),
      ...streams.map(({ listenerId }) => listenerId),
    ]),
    backends: new Set([...routes.flatMap(usedBackends), ...streams.flatMap(({ backends }) => backends)].map(idOf)),
    groups: new Set([...routes, ...streams].map(({ wakeGroup }) => wakeGroup)),
  };
  const ports = new Set(said.listeners.flatMap(portsOf));
  return {
    listeners: [
      ...said.listeners,
      ...missing(said.listeners, previous.listeners).filter(
        (listener) => used.listeners.has(listener.id) && !portsOf(listener).some((port) => ports.has(port)),
      ),
    ],
    routes: [...said.routes, ...routes],
    streams: [...said.streams, ...streams],
    backends: [
      ...said.backends,
      ...missing(said.backends, previous.backends).filter(({ id }) => used.backends.has(id)),
    ],
    wakeGroups: [
      ...said.wakeGroups,
      ...missing(said.wakeGroups, previous.wakeGroups).filter(({ id }) => used.groups.has(id)),
    ],
  };
}

function missing<E extends { readonly id: string }>(said: readonly E[], before: ReadonlyMap<string, E>): E[] {
  const ids = new Set(said.map(({ id }) => id));
  return [...before.values()].filter(({ id }) => !ids.has(id));
}

function idOf({ backendId }: { readonly backendId: string }): string {
  return backendId;
}

/** TCP and UDP have ports of their own. */
function portsOf({ protocol, addresses }: Listener): readonly string[] {
  return addresses.map(({ port }) => `${protocol === 'udp' ? 'udp' : 'tcp'}:${port}`);
}
