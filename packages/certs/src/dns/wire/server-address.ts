import { isIPv6 } from 'node:net';

export interface ServerAddress {
  /** Address without brackets, or a name. */
  readonly host: string;
  readonly port: number;
}

const DNS_PORT = 53;

/** `host`, `host:port`, `[v6]:port` or a bare IPv6 address; undefined: none of these. */
export function parseServerAddress(text: string, port = DNS_PORT): ServerAddress | undefined {
  if (isIPv6(text)) return { host: text, port };
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9_.-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined) return undefined;
  if (match[1] !== undefined && !isIPv6(host)) return undefined;
  const said = match[3] === undefined ? port : Number(match[3]);
  return said >= 1 && said <= 65_535 ? { host, port: said } : undefined;
}

export function formatServer({ host, port }: ServerAddress): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return port === DNS_PORT ? bare : `${bare}:${port}`;
}
