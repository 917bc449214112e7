import { readRouteHost } from '../schema/host-name.ts';
import { match } from '../schema/match.ts';
import { readPath } from '../schema/route-entry.ts';
import { readListenAddress } from '../schema/network.ts';
import { readServerName } from '../schema/tcp-entry.ts';
import { routeId } from './build-route.ts';
import { streamId } from './build-stream.ts';

/**
 * The id that a refused route would have, by which its last good version is found; empty when the fault lies in the host
 * or in what it matches.
 */
export function guessRouteId(raw: unknown): string {
  if (!isRecord(raw)) return '';
  const { host, path = '/', listeners = [] } = raw;
  const hosts = (Array.isArray(host) ? host : [host]).map((item) =>
    typeof item === 'string' ? readRouteHost(item) : null,
  );
  const prefix = typeof path === 'string' ? readPath(path) : null;
  const good = hosts.flatMap((result) => (result !== null && 'value' in result ? [result.value] : []));
  if (prefix === null || !('value' in prefix) || good.length === 0 || good.length < hosts.length) return '';
  const rules = match().optional().safeParse(raw['match']);
  const names = (Array.isArray(listeners) ? (listeners as unknown[]) : [listeners]).filter(isText);
  if (!rules.success) return '';
  return routeId([...new Set(good)], { path: prefix.value, match: rules.data, listeners: names });
}

/** The id that a refused entry of `tcp` or `udp` would have, or empty. */
export function guessStreamId(protocol: 'tcp' | 'udp', raw: unknown): string {
  if (!isRecord(raw)) return '';
  const first = Array.isArray(raw['listen']) ? (raw['listen'] as unknown[])[0] : raw['listen'];
  if (typeof first !== 'string' && typeof first !== 'number') return '';
  const result = readListenAddress(String(first));
  const listen = 'value' in result ? { name: '', addresses: [result.value] } : { name: String(first), addresses: [] };
  const { sni = [] } = raw;
  const names = (Array.isArray(sni) ? (sni as unknown[]) : [sni]).map((name) =>
    typeof name === 'string' ? readServerName(name) : { problem: '' },
  );
  const good = names.flatMap((name) => ('value' in name ? [name.value] : []));
  return good.length < names.length ? '' : streamId(protocol, listen, good);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
