import type { Duplex } from 'node:stream';
import { ProxyError } from '@dproxy/core';
import type { Services } from '../services.ts';
import { forwardedLines } from './head-additions.ts';
import type { Hop } from './hop.ts';

/**
 * A connection to the plugins of a route: a backend within the process. What they send on comes back as a request of its
 * own, on `downstream.forward`, with the route chosen and the forwarding lines that the client's request was given; the hop
 * hears which backend answered that.
 *
 * @throws ProxyError `plugin-unknown`
 */
export async function connectPlugins(hop: Hop, services: Services): Promise<Duplex> {
  const { head, filtered, downstream, compiled, route } = hop;
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
    forward: () =>
      downstream.forward(route, {
        forwardedBlock,
        answeredBy: (used) => {
          hop.behindPlugins = used;
        },
      }),
  });
}
