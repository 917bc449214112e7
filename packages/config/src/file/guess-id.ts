import { readHost } from '../schema/host-name.ts';
import { readPath } from '../schema/route-entry.ts';
import { readListenAddress } from '../schema/network.ts';
import { routeId } from './build-route.ts';
import { tcpId } from './build-tcp.ts';

/**
 * The id that a refused route would have, by which its last good version is found; empty when the fault lies in the host or
 * the path itself.
 */
export function guessRouteId(raw: unknown): string {
  if (!isRecord(raw)) return '';
  const { host, path = '/' } = raw;
  const hosts = (Array.isArray(host) ? host : [host]).map((item) => (typeof item === 'string' ? readHost(item) : null));
  const prefix = typeof path === 'string' ? readPath(path) : null;
  const good = hosts.flatMap((result) => (result !== null && 'value' in result ? [result.value] : []));
  if (prefix === null || !('value' in prefix) || good.length === 0 || good.length < hosts.length) return '';
  return routeId([...new Set(good)], prefix.value);
}

/** The id that the listener of a refused entry of `tcp` would have, or empty. */
export function guessTcpId(raw: unknown): string {
  if (!isRecord(raw)) return '';
  const first = Array.isArray(raw['listen']) ? (raw['listen'] as unknown[])[0] : raw['listen'];
  if (typeof first !== 'string' && typeof first !== 'number') return '';
  const result = readListenAddress(String(first));
  return 'value' in result ? tcpId([result.value]) : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
