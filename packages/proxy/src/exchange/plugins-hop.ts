import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import type { CompiledRoute } from '../compiled-route.ts';
import type { CompiledSnapshot } from '../compiled-snapshot.ts';
import type { FilteredRequest } from '../filters/index.ts';
import type { RequestHead } from '../http1/index.ts';
import type { Services } from '../services.ts';
import type { Downstream } from './downstream.ts';
import { forwardedLines, type UsedBackend } from './head-additions.ts';

export interface PluginsHop {
  readonly head: RequestHead;
  readonly filtered: FilteredRequest | undefined;
  readonly downstream: Downstream;
  readonly services: Services;
  readonly compiled: CompiledSnapshot;
  readonly route: CompiledRoute;
  /** Hears which backend answered what the plugins sent on. */
  readonly answeredBy: (used: UsedBackend) => void;
}

/**
 * A connection to the plugins of a route: a backend within the process. What they send on comes back as a request of its
 * own, on `downstream.forward`, with the route chosen and the forwarding lines that the client's request was given.
 *
 * @throws ProxyError `plugin-unknown`
 */
export async function connectPlugins(hop: PluginsHop): Promise<Duplex> {
  const { head, filtered, downstream, services, compiled, route, answeredBy } = hop;
  const { applicationPath } = services;
  if (applicationPath === undefined) throw new ProxyError('plugin-unknown', route.id);
  const lines = forwardedLines({ head, downstream, compiled });
  const forwardedBlock = filtered === undefined ? lines : filtered.forwardedBlock(lines);
  return await applicationPath.connect({
    route: route.route,
    requestId: services.nextRequestId(),
    host: head.host,
    clientAddress: downstream.peer.clientAddress(head.claims),
    clientPort: 0,
    isTls: downstream.isEncrypted,
    pages: compiled.pages,
    forward: () => downstream.forward(route, { forwardedBlock, answeredBy }),
  });
}
