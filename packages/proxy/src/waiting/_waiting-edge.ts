import type { Limits, WakeGroup } from '@dproxy/core';
import { type BackendSpec, type Origin, type RouteSpec, type SnapshotSpec } from '@dproxy/testkit';
import type { DataPlaneOptions } from '../data-plane.ts';
import { startEdge } from '../fixtures/edge.ts';

/** Long enough for a busy machine; a backend counts as one that was there for long from its first moment on. */
export const PATIENT: Partial<Limits> = { holdOverMs: 20_000, holdOverReadyMs: 1 };

export const GROUP: WakeGroup = {
  id: 'docker:x/project:shop',
  name: 'shop',
  autostart: true,
  timeoutMs: 20_000,
  browsers: 'hold',
  theme: '',
};

/** The backend `file:<name>` in this state, at the port of the origin. */
export function backend(
  origin: Pick<Origin, 'port' | 'name'>,
  state: BackendSpec['state'] = 'ready',
  more: Partial<BackendSpec> = {},
): BackendSpec {
  return { id: `file:${origin.name}`, port: origin.port, state, ...more };
}

/** A table whose one site is `a.test`. */
export function siteOf(to: readonly BackendSpec[], route: Partial<RouteSpec> = {}): SnapshotSpec {
  return { routes: [{ host: 'a.test', to, ...route }], limits: PATIENT };
}

/** An edge for which `siteOf` or another spec is applied in turn, with versions of their own. */
export async function startWaitingEdge(first: SnapshotSpec, options: Partial<DataPlaneOptions> = {}) {
  const wakes: (readonly [group: string, client: string])[] = [];
  const edge = await startEdge(first, { onWake: (group, client) => wakes.push([group, client]), ...options });
  let version = 1;
  return {
    ...edge,
    wakes,
    apply: (spec: SnapshotSpec) => edge.apply({ ...spec, version: ++version }),
    [Symbol.asyncDispose]: () => edge.plane.close(),
  };
}
