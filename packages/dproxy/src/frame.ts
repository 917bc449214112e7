import { dirname } from 'node:path';
import type { Facts, Settings } from '@dproxy/config';
import type { Listener, PageOverride, Rejection, TlsPolicy } from '@dproxy/core';
import type { Frame } from './control-plane.ts';

export interface FrameParts {
  readonly settings: Settings;
  readonly facts: Facts;
  /** With the ports that were decided. */
  readonly listeners: readonly Listener[];
  readonly pages: readonly PageOverride[];
  readonly tlsPolicies: readonly TlsPolicy[];
  readonly rejected: readonly Rejection[];
}

/** What the configuration gives to the Snapshot. */
export function toFrame({ settings, facts, listeners, pages, tlsPolicies, rejected }: FrameParts): Frame {
  const all = [...listeners, ...settings.streamListeners];
  return {
    listeners: all,
    allowedPorts: settings.allowedPorts,
    settings: { ...settings.worker, ownAddresses: ownAddresses(all, settings, facts) },
    pages,
    tlsPolicies,
    https: settings.https,
    fallThrough: settings.fallThrough,
    isOwnedByProject: settings.ownership === 'project',
    rejected,
    plugins: settings.plugins,
    configFolder: dirname(settings.config.path),
  };
}

/** Where dproxy itself answers: no container may have it as a backend, or a request could go round for ever. */
function ownAddresses(
  listeners: readonly Listener[],
  { api, statistics }: Settings,
  { localAddresses }: Facts,
): string[] {
  // UDP has ports of its own, and answers no connection.
  const tcp = listeners.filter(({ protocol }) => protocol !== 'udp');
  const bound = [...tcp.flatMap((listener) => listener.addresses), ...api.addresses, ...statistics.addresses];
  const own = bound.flatMap(({ host, port }) => {
    const hosts = host === '::' || host === '0.0.0.0' ? localAddresses : [host];
    return hosts.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
  });
  return [...new Set(own)].sort();
}
