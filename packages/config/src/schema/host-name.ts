import { canonicalHost } from '@dproxy/core';
import type { Read } from './field.ts';

export const HOST = 'a host name such as app.example.com or *.example.com';

/** Of a route, where `*` stands for every host that no other route has. */
export function readRouteHost(raw: string): Read<string> {
  return raw === '*' ? { value: raw } : readHost(raw);
}

export function readHost(raw: string): Read<string> {
  if (/^(?:[^:[\]]*|\[.*\]):\d*$/.test(raw)) return { problem: 'a host with a port; a listener has the port' };
  const host = canonicalHost(raw);
  if (host !== undefined) return { value: host };
  if (raw === '*') return { problem: 'a wildcard for everything' };
  return { problem: raw.includes('*') ? 'a wildcard that is not the whole first label' : 'not a host name' };
}
