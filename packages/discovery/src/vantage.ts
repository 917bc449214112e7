import type { EngineEndpoint } from '@dproxy/core';
import type { Vantage } from './address-choice.ts';
import type { Container } from './container.ts';
import type { EngineNetwork } from './engine-connection.ts';
import type { DiscoverySettings } from './settings.ts';

export interface VantageFacts {
  readonly endpoint: EngineEndpoint;
  readonly settings: Pick<DiscoverySettings, 'hostReachesBridges'>;
  /** The container that dproxy runs in, when this engine has it. */
  readonly own: Container | undefined;
  readonly networks: readonly EngineNetwork[];
}

/**
 * A container of dproxy's own settles it; else a unix socket means the engine's host and TCP another machine: what looks
 * like loopback may be a tunnel.
 */
export function vantageOf({ endpoint, settings, own, networks }: VantageFacts): Vantage {
  if (own !== undefined && own.networkMode !== 'host') {
    const gateway = own.attachments.map((attachment) => attachment.gateway).find((address) => address !== '') ?? '';
    const shared = new Set(own.attachments.map(({ networkId }) => networkId));
    return { kind: 'container', networks: shared, publishedAddress: gateway, ownName: own.name };
  }
  if (own === undefined && endpoint.socketPath === '') {
    return { kind: 'remote', networks: new Set(), publishedAddress: endpoint.host, ownName: '' };
  }
  const bridges = networks
    .filter(({ driver }) => settings.hostReachesBridges && driver === 'bridge')
    .map(({ id }) => id);
  return { kind: 'host', networks: new Set(bridges), publishedAddress: '127.0.0.1', ownName: own?.name ?? '' };
}
