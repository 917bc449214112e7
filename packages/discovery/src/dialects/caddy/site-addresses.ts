import type { PublicPort } from '@dproxy/core';
import { canonicalHost } from '@dproxy/core';

/** Where a site answers: hosts that have everything else in common. */
export interface SiteAddresses {
  readonly hosts: readonly string[];
  readonly publicPorts: readonly PublicPort[];
  /** Only over plain HTTP. */
  readonly isPlain: boolean;
  /** `*.example.com`, of which Caddy takes one label only. Empty: no wildcard. */
  readonly wildcard: string;
}

const MAX_ADDRESSES = 256;
const ADDRESS = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[^\s:/[\]{}]*)(?::(\d{1,5}))?\/?$/i;

/** `a.com, http://b.com c.com:8443 *.d.com :80` */
export function readAddresses(
  keys: readonly string[],
): { readonly value: readonly SiteAddresses[] } | { readonly problem: string } {
  const groups = new Map<string, SiteAddresses>();
  const all = keys.flatMap((key) => key.split(',')).filter((key) => key !== '');
  if (all.length > MAX_ADDRESSES) return { problem: `a list of ${all.length} (at most ${MAX_ADDRESSES})` };
  for (const raw of all) {
    const address = readAddress(raw);
    if (address === undefined) return { problem: raw };
    const { publicPorts, isPlain, wildcard } = address;
    const key = JSON.stringify([publicPorts, isPlain, wildcard]);
    const hosts = new Set([...(groups.get(key)?.hosts ?? []), ...address.hosts]);
    groups.set(key, { ...address, hosts: [...hosts] });
  }
  return { value: [...groups.values()] };
}

function readAddress(raw: string): SiteAddresses | undefined {
  const [, scheme = '', written, digits = ''] = ADDRESS.exec(raw) ?? [];
  if (written === undefined || (written === '' && digits === '' && scheme === '')) return undefined;
  const host = written === '' || written === '*' ? '*' : canonicalHost(written);
  const port = Number(digits);
  if (host === undefined || port > 65_535 || (digits !== '' && port === 0)) return undefined;
  // Without a name there is no certificate, so that Caddy speaks plain HTTP on any port but 443.
  const isPlain = scheme.toLowerCase() === 'http' || port === 80 || (scheme === '' && host === '*' && port !== 443);
  const usual = isPlain ? 80 : 443;
  const protocol = isPlain ? ('http' as const) : ('https' as const);
  return {
    hosts: [host],
    publicPorts: digits === '' || port === usual ? [] : [{ port, protocol }],
    isPlain,
    wildcard: host.startsWith('*.') ? host : '',
  };
}
