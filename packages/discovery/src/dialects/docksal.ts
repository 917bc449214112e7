import { canonicalHost } from '@dproxy/core';
import type { Container } from '../container.ts';
import type { Dialect, DialectInput, DialectReading, LabelProblem, ServiceClaims, WakeClaims } from './dialect.ts';
import { PLAIN_SERVICE } from './plain-service.ts';
import { readInteger } from './label-values.ts';
import { show } from './show.ts';

const HOST = 'io.docksal.virtual-host';
const PORT = 'io.docksal.virtual-port';
const ROOT = 'io.docksal.project-root';
const PERMANENT = 'io.docksal.permanent';
/**
 * `cert-name` is the name of a file; here the certificate that covers the host is taken, whatever its file is called.
 * `permanent` kept a project from being deleted, which dproxy never does; here it keeps it from being put to sleep.
 */
const WORDS: ReadonlySet<string> = new Set([HOST, PORT, ROOT, PERMANENT, 'io.docksal.cert-name']);
const MAX_HOSTS = 256;

/** The labels of Docksal's vhost-proxy. A `*` stands for any characters, also dots. */
export const docksal: Dialect = {
  name: 'docksal',
  read: readDocksal,
  isOwnWord: (kind, name) => kind === 'label' && WORDS.has(name),
  isPublicClaim: (kind, name) => kind === 'label' && (name === HOST || name === ROOT),
};

function readDocksal({ container, labels }: DialectInput): DialectReading {
  const problems: LabelProblem[] = [];
  const written = (labels.get(HOST) ?? '')
    .split(',', MAX_HOSTS)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const hosts = written.map((raw) => ({ raw, host: readHost(raw) }));
  for (const { raw, host } of hosts) {
    if (host !== undefined) continue;
    const message = `${HOST}: ${show(raw)} is no host`;
    problems.push({ message, expected: 'host names, in which * stands for any characters, separated by commas' });
  }
  const port = readPort(container, labels.get(PORT), problems);
  const found = hosts.map(({ host }) => host).filter((host) => host !== undefined);
  const plain = found.filter((host) => typeof host === 'string');
  const patterns = found.filter((host) => typeof host !== 'string');
  return {
    enable: undefined,
    network: undefined,
    services: port === undefined ? [] : servicesOf(plain, patterns, port),
    streams: [],
    isSilent: !labels.keys().some((name) => WORDS.has(name)),
    problems,
    ...wakeOf(labels),
  };
}

interface HostPattern {
  readonly written: string;
  readonly pattern: string;
}

/** `*.x` is a host pattern of ours; `*` in any other place becomes a condition. */
function readHost(raw: string): string | HostPattern | undefined {
  const host = canonicalHost(raw);
  if (host !== undefined) return host;
  if (!raw.includes('*') || !/^[a-z0-9.*-]{1,253}$/i.test(raw)) return undefined;
  const written = raw.toLowerCase().replaceAll(/\*+/g, '*');
  if (written === '*') return '*';
  return { written, pattern: `^${written.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$` };
}

/** Exactly one port of the container is the one, whatever the label says; else the label's; else 80. */
function readPort({ tcpPorts }: Container, label: string | undefined, problems: LabelProblem[]): number | undefined {
  const [only] = tcpPorts;
  if (only !== undefined && tcpPorts.length === 1) return only;
  if (label === undefined || label.trim() === '') return 80;
  const port = readInteger(label, 1, 65_535);
  if (port === undefined) {
    problems.push({ message: `${PORT}=${show(label)} cannot be used`, expected: 'a port from 1 to 65535' });
  }
  return port;
}

function servicesOf(
  hosts: readonly string[],
  patterns: readonly HostPattern[],
  port: number,
): readonly ServiceClaims[] {
  const exact = hosts.length === 0 ? [] : [{ ...PLAIN_SERVICE, hosts: [...new Set(hosts)], port, fallThrough: false }];
  return [
    ...exact,
    ...patterns.map(({ written, pattern }) => ({
      ...PLAIN_SERVICE,
      service: written,
      hosts: ['*'],
      condition: { type: 'hostPattern' as const, pattern },
      port,
      fallThrough: false,
    })),
  ];
}

/** The containers of a compose project whose web container has these labels sleep and wake together. */
function wakeOf(labels: DialectInput['labels']): { readonly wake?: WakeClaims } {
  if (!labels.has(ROOT)) return {};
  const isPermanent = labels.get(PERMANENT)?.trim().toLowerCase() === 'true';
  return { wake: { scope: 'project', groups: [], name: '', options: {}, isPermanent, readyAfterMs: 0 } };
}
