import type { ListenAddress } from '@dproxy/core';
import type { ListenEntry } from '../schema/listen.ts';
import type { Endpoint } from '../schema/network.ts';
import type { FileSettings } from '../file/parsed-file.ts';
import type { Overrides } from './read-environment.ts';
import type { ListenPlan } from './settings.ts';

const STANDARD = {
  http: { port: 80, fallbackPort: 8_080, override: 'httpPort' },
  https: { port: 443, fallbackPort: 8_443, override: 'httpsPort' },
} as const;

/** The HTTP listeners: the two standard ones unless switched off, and those that the file names. */
export function planListeners(listen: NonNullable<FileSettings['listen']>, overrides: Overrides): ListenPlan[] {
  const plans = [planStandard('http', listen.http, overrides), planStandard('https', listen.https, overrides)];
  for (const [id, entry] of Object.entries(listen)) {
    if (Object.hasOwn(STANDARD, id) || id === 'api' || id === 'stats' || Array.isArray(entry)) continue;
    const { isOpen, addresses, publicPort, proxyProtocol, tls, protocol } = entry as ListenEntry;
    if (!isOpen) continue;
    plans.push({
      id,
      protocol: protocol ?? (tls === true ? 'https' : 'http'),
      addresses: bindAddresses(addresses, overrides.bindHosts),
      publicPort,
      proxyProtocol,
      isNamed: true,
      fallbackPort: 0,
    });
  }
  return plans.filter((plan) => plan !== null);
}

/** With an address for all that have only a port. */
export function bindAddresses(endpoints: readonly Endpoint[], bindHosts: readonly string[]): ListenAddress[] {
  return endpoints.flatMap(({ host, port }) => (host === '' ? bindHosts : [host]).map((one) => ({ host: one, port })));
}

function planStandard(id: 'http' | 'https', entry: ListenEntry | undefined, overrides: Overrides): ListenPlan | null {
  const { port, fallbackPort, override } = STANDARD[id];
  const named = overrides[override];
  if (entry?.isOpen === false && named === undefined) return null;
  const isNamed = named !== undefined || (entry?.isOpen ?? false);
  const written = entry?.isOpen === true ? entry.addresses : [{ host: '', port }];
  return {
    id,
    protocol: id,
    addresses: applyOverrides(written, named, overrides),
    publicPort: entry?.publicPort ?? 0,
    proxyProtocol: entry?.proxyProtocol ?? [],
    isNamed,
    fallbackPort: isNamed ? 0 : fallbackPort,
  };
}

/**
 * A variable that names a port keeps the file's addresses, and one that names the address keeps the ports: PORT=8080, which
 * platforms set, must not open to the world what the file binds to 127.0.0.1.
 */
function applyOverrides(
  written: readonly Endpoint[],
  port: number | undefined,
  { bindHosts, isBindNamed }: Overrides,
): ListenAddress[] {
  const endpoints = written.map((endpoint) => ({
    host: isBindNamed ? '' : endpoint.host,
    port: port ?? endpoint.port,
  }));
  const addresses = bindAddresses(endpoints, bindHosts);
  return [...new Map(addresses.map((address) => [`${address.host} ${address.port}`, address])).values()];
}
