import type { EngineEndpoint } from '@dproxy/core';
import type { Vantage } from './address-choice.ts';
import type { Container } from './container.ts';
import type { EngineNetwork } from './engine-connection.ts';

export interface VantageFacts {
  readonly endpoint: EngineEndpoint;
  /** Whether addresses on the engine's networks, and loopback, mean the same to dproxy's host. */
  readonly hostReachesBridges: boolean;
  /** The container that dproxy runs in, when this engine has it. */
  readonly own: Container | undefined;
  readonly networks: readonly EngineNetwork[];
}

/**
 * A container of dproxy's own settles it; else a unix socket means the engine's host and TCP another machine: what looks
 * like loopback may be a tunnel.
 */
export function vantageOf({ endpoint, hostReachesBridges, own, networks }: VantageFacts): Vantage {
  if (own !== undefined && own.networkMode !== 'host') {
    const gateway = own.attachments.map((attachment) => attachment.gateway).find((address) => address !== '') ?? '';
    const shared = new Set(own.attachments.map(({ networkId }) => networkId));
    return { kind: 'container', networks: shared, publishedAddress: gateway, ownName: own.name };
  }
  if (own === undefined && endpoint.socketPath === '') {
    return { kind: 'remote', networks: new Set(), publishedAddress: endpoint.host, ownName: '' };
  }
  const reached = networks.filter(({ driver }) => hostReachesBridges && (driver === 'bridge' || driver === 'host'));
  return {
    kind: 'host',
    networks: new Set(reached.map(({ id }) => id)),
    publishedAddress: '127.0.0.1',
    ownName: own?.name ?? '',
  };
}
