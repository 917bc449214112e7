import { DEFAULT_HSTS, type PublicPort, readHsts, type RouteHttps } from '@dproxy/core';
import type { ServiceProtocol } from './dialect.ts';
import {
  readDuration,
  readFlag,
  readHeaderName,
  readHeaderValue,
  readHostname,
  readInteger,
  readList,
  readLocation,
  readName,
  readPathPrefix,
} from './label-values.ts';
import type { RedirectStatus, SectionName, ServiceDraft } from './service-draft.ts';

/** One key of the language: keys and their meaning are those of an entry of `routes` in dproxy.yml. */
export interface NativeKey {
  readonly key: string;
  readonly expected: string;
  /** False when the value is refused. `rest` is what follows a key that ends in a dot. */
  readonly apply: (draft: ServiceDraft, value: string, rest: string) => boolean;
  /** Its labels are collected, and read together by the schema of dproxy.yml. */
  readonly section?: SectionName;
}

const DURATION = 'a duration such as 250ms, 30s or 5m (0: the default)';
const HEADER_NAMES = 'header names, separated by commas; not connection, content-length, host and the like';
const HEADER = 'a header name in the label, and one line of Latin-1 text as its value';

/** gRPC is HTTP/2, so its words are other names for that. */
const PROTOCOLS: ReadonlyMap<string, ServiceProtocol> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['h2c', 'h2c'],
  ['grpc', 'h2c'],
  ['h2', 'h2'],
  ['grpcs', 'h2'],
]);

const PUBLIC_PORTS = 'public ports such as 8080 or 8443/https, separated by commas';
const SECTIONS: readonly SectionName[] = ['match', 'filters', 'balance', 'health', 'tcp', 'udp', 'wake'];

export const NATIVE_KEYS: readonly NativeKey[] = [
  key('enable', 'true or false', readFlag, (draft, value) => (draft.enable = value)),
  key(
    'host',
    'host names such as app.example.com or *.example.com, separated by commas',
    hostnames,
    (draft, value) => (draft.hosts = value),
  ),
  key('port', 'a port from 1 to 65535', port, (draft, value) => (draft.port = value)),
  key('path', 'a path prefix such as /api', readPathPrefix, (draft, value) => (draft.path = value)),
  key('network', 'the name of a network', readName, (draft, value) => (draft.network = value)),
  key(
    'protocol',
    'http, https, h2c (also grpc) or h2 (also grpcs)',
    (raw) => PROTOCOLS.get(raw.trim().toLowerCase()),
    (draft, value) => (draft.protocol = value),
  ),
  key('proxyProtocol', 'v1 or v2', proxyProtocol, (draft, value) => (draft.proxyProtocol = value)),
  key(
    'weight',
    'a number from 0 to 1000',
    (raw) => readInteger(raw, 0, 1_000),
    (draft, value) => (draft.weight = value),
  ),
  key('tlsVerify', 'true or false', readFlag, (draft, value) => (draft.tlsVerify = value)),
  key('timeouts.connect', DURATION, readDuration, (draft, value) => (draft.connectMs = value)),
  key('timeouts.response', DURATION, readDuration, (draft, value) => (draft.responseMs = value)),
  key('timeouts.idle', DURATION, readDuration, (draft, value) => (draft.idleMs = value)),
  key('redirect', 'an http:// or https:// URL, or a path', readLocation, (draft, value) => (draft.location = value)),
  key('redirect.to', 'an http:// or https:// URL, or a path', readLocation, (draft, value) => (draft.location = value)),
  key('redirect.status', '301, 302, 303, 307 or 308', redirectStatus, (draft, value) => (draft.redirectStatus = value)),
  key('plugins', 'names of plugins, separated by commas', names, (draft, value) => (draft.plugins = value)),
  key('listeners', 'names of listeners, separated by commas', names, (draft, value) => (draft.listeners = value)),
  key('https', 'true, or false for no redirect to HTTPS', readFlag, (draft, value) =>
    setHttps(draft, { redirect: value ? 308 : 0 }),
  ),
  key('https.redirect', 'true, false, 301, 302, 307 or 308', httpsRedirect, (draft, redirect) =>
    setHttps(draft, { redirect }),
  ),
  key(
    'https.hsts',
    'true, false, or a value such as max-age=31536000; includeSubDomains; preload',
    hsts,
    (draft, value) => setHttps(draft, { hsts: value }),
  ),
  key('https.certificate', 'default, acme or none', certificate, (draft, value) =>
    setHttps(draft, { certificate: value }),
  ),
  key('headers.request.remove', HEADER_NAMES, headerNames, (draft, value) => (draft.requestRemove = value)),
  key('headers.response.remove', HEADER_NAMES, headerNames, (draft, value) => (draft.responseRemove = value)),
  key('priority', 'a whole number; the higher comes first', priority, (draft, value) => (draft.priority = value)),
  key('ports', PUBLIC_PORTS, publicPorts, (draft, value) => (draft.publicPorts = value)),
  key('fallThrough', 'true or false', readFlag, (draft, value) => (draft.fallThrough = value)),
  ...SECTIONS.flatMap(sectionKeys),
  {
    key: 'headers.request.set.',
    expected: HEADER,
    apply: (draft, value, rest) => setHeader(draft.requestSet, rest, value),
  },
  {
    key: 'headers.response.set.',
    expected: HEADER,
    apply: (draft, value, rest) => setHeader(draft.responseSet, rest, value),
  },
];

function key<T>(
  name: string,
  expected: string,
  read: (raw: string) => T | undefined,
  assign: (draft: ServiceDraft, value: T) => void,
): NativeKey {
  const apply = (draft: ServiceDraft, raw: string): boolean => {
    const value = read(raw);
    if (value === undefined) return false;
    assign(draft, value);
    return true;
  };
  return { key: name, expected, apply };
}

/** `balance` alone, and all below `balance.`. */
function sectionKeys(section: SectionName): readonly NativeKey[] {
  const rest = { section, expected: `what ${section} of dproxy.yml takes`, apply: () => true };
  return [
    { ...rest, key: section },
    { ...rest, key: `${section}.` },
  ];
}

function priority(raw: string): number | undefined {
  const isNegative = raw.trim().startsWith('-');
  const amount = readInteger(isNegative ? raw.trim().slice(1) : raw, 0, 1_000_000_000);
  return amount !== undefined && isNegative ? -amount : amount;
}

/** 443 is the HTTPS listener. */
function publicPorts(raw: string): readonly PublicPort[] | undefined {
  return readList(raw, (part) => {
    const [, digits = '', word] = /^(\d{1,5})(?:\/(https?))?$/i.exec(part) ?? [];
    const number = readInteger(digits, 1, 65_535);
    if (number === undefined) return undefined;
    const protocol = (word ?? (number === 443 ? 'https' : 'http')).toLowerCase();
    return { port: number, protocol: protocol === 'https' ? ('https' as const) : ('http' as const) };
  });
}

function hostnames(raw: string): readonly string[] | undefined {
  return readList(raw, readHostname);
}

function names(raw: string): readonly string[] | undefined {
  return readList(raw, readName);
}

function headerNames(raw: string): readonly string[] | undefined {
  return readList(raw, readHeaderName);
}

function port(raw: string): number | undefined {
  return readInteger(raw, 1, 65_535);
}

function proxyProtocol(raw: string): 'v1' | 'v2' | undefined {
  const word = raw.trim().toLowerCase();
  return word === 'v1' || word === 'v2' ? word : undefined;
}

function redirectStatus(raw: string): RedirectStatus | undefined {
  const statuses = [301, 302, 303, 307, 308] as const;
  return statuses.find((status) => String(status) === raw.trim());
}

function setHttps(draft: ServiceDraft, more: Partial<RouteHttps>): void {
  draft.https = { ...draft.https, ...more };
}

function httpsRedirect(raw: string): RouteHttps['redirect'] | undefined {
  const wanted = readFlag(raw);
  if (wanted !== undefined) return wanted ? 308 : 0;
  const statuses = [301, 302, 307, 308] as const;
  return statuses.find((status) => String(status) === raw.trim());
}

function hsts(raw: string): string | undefined {
  const wanted = readFlag(raw);
  if (wanted === undefined) return readHsts(raw);
  return wanted ? DEFAULT_HSTS : '';
}

function certificate(raw: string): RouteHttps['certificate'] | undefined {
  const words = ['default', 'acme', 'none'] as const;
  return words.find((word) => word === raw.trim().toLowerCase());
}

function setHeader(list: (readonly [string, string])[], rawName: string, rawValue: string): boolean {
  const name = readHeaderName(rawName);
  const value = readHeaderValue(rawValue);
  if (name === undefined || value === undefined) return false;
  list.push([name, value]);
  return true;
}
