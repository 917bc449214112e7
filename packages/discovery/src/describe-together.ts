import type { ContainerView, SourceState } from '@dproxy/core';
import type { Container } from './container.ts';
import { EngineMirror } from './engine-mirror.ts';
import type { DiscoverySettings } from './settings.ts';

export interface DescribedTogether {
  readonly state: SourceState;
  /** In the order of `createdMs`. */
  readonly views: readonly ContainerView[];
}

/**
 * What these containers would mean on one engine, on whose host dproxy runs. For those that do not exist yet: nothing is known of
 * their images.
 *
 * @param name of the engine, as in `Origin.source`
 */
export function describeTogether(
  name: string,
  containers: readonly Container[],
  settings: DiscoverySettings,
): DescribedTogether {
  const endpoint = { name, socketPath: '/', host: '', port: 0, tls: null };
  const mirror = new EngineMirror(endpoint, { ...settings, hostReachesBridges: true, ownContainerId: '' });
  const networks = containers.flatMap(({ attachments }) => attachments);
  mirror.setNetworks(networks.map(({ network, networkId }) => ({ id: networkId, name: network, driver: 'bridge' })));
  for (const container of containers) mirror.put(container);
  return { state: mirror.state(), views: mirror.views() };
}
