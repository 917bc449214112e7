import { canonicalHost, canonicalRoutePath, hideUserInfo, type PublicPort } from '@dproxy/core';
import type { Dialect, DialectInput, DialectReading, LabelProblem, ServiceClaims, StreamClaims } from './dialect.ts';
import { PLAIN_SERVICE } from './plain-service.ts';
import { PLAIN_STREAM } from './plain-stream.ts';
import { show } from './show.ts';

const VARIABLE = 'RPROXY';
const MAX_URLS = 64;
const EXPECTED = 'http://host:port/path (port 80 unless given) or tcp://name:port (port 4 unless given)';

/**
 * The variable RPROXY of docker-rproxy: a comma list of `http://host:port/path` and `tcp://name:port`. The port is the one in
 * the container and the public one; a host stands for all below it, too; a path is a prefix of whole segments, and of several
 * the longest holds. The name of a TCP service tells nothing but itself: all on one port are balanced.
 */
export const rproxy: Dialect = {
  name: 'rproxy',
  read: readRproxy,
  isOwnWord: isVariable,
  isPublicClaim: isVariable,
};

function isVariable(kind: 'label' | 'env', name: string): boolean {
  return kind === 'env' && name === VARIABLE;
}

function readRproxy({ env }: Pick<DialectInput, 'env'>): DialectReading {
  const written = (env.get(VARIABLE) ?? '')
    .split(',', MAX_URLS + 1)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const urls = written.slice(0, MAX_URLS).map((raw) => readUrl(raw));
  const tooMany = written.length > MAX_URLS ? [tooManyUrls()] : [];
  const valid = urls.flatMap((url) => ('problem' in url ? [] : [url]));
  const http = distinct(valid.filter(({ scheme }) => scheme === 'http'));
  const tcp = distinct(valid.filter(({ scheme }) => scheme === 'tcp'));
  const taken = new Set(http.map(({ port }) => port));
  const clashing = tcp.filter(({ port }) => taken.has(port));
  return {
    enable: undefined,
    network: undefined,
    services: http.map(serviceOf),
    streams: tcp.filter(({ port }) => !taken.has(port)).map(streamOf),
    isSilent: written.length === 0,
    problems: [...tooMany, ...urls.flatMap((url) => ('problem' in url ? [url.problem] : [])), ...clashing.map(clash)],
  };
}

interface RproxyUrl {
  readonly scheme: 'http' | 'tcp';
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

function readUrl(raw: string): RproxyUrl | { readonly problem: LabelProblem } {
  const refuse = (why: string, expected = EXPECTED): { readonly problem: LabelProblem } => ({
    problem: { message: `${VARIABLE}: ${show(hideUserInfo(raw))} ${why}`, expected },
  });
  const [, scheme, rawHost = '', rawPort, rawPath = '/'] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/:@\s]*)(?::(\d{1,5}))?(\/\S*)?$/i.exec(raw) ?? [];
  if (scheme === undefined) return refuse('is not such a URL');
  const word = scheme.toLowerCase();
  if (word === 'https') {
    return refuse('has the scheme https', 'http://...: dproxy answers the host over HTTPS, too, without a word');
  }
  if (word !== 'http' && word !== 'tcp') return refuse(`has the scheme ${word}`);
  const port = Number(rawPort ?? (word === 'http' ? 80 : 4));
  if (port < 1 || port > 65_535) return refuse(`has the port ${port}`, 'a port from 1 to 65535');
  if (word === 'tcp') return { scheme: word, host: '', port, path: '/' };
  const host = canonicalHost(rawHost);
  if (host === undefined || host.startsWith('*')) {
    return refuse('has no such host', 'a host such as example.com; all hosts below it are meant, too');
  }
  const path = canonicalRoutePath(rawPath);
  if (path === undefined) return refuse('has no such path', 'a path such as /api');
  return { scheme: word, host, port, path };
}

/** The same URL twice is no double share. */
function distinct(urls: readonly RproxyUrl[]): readonly RproxyUrl[] {
  return [...new Map(urls.map((url) => [nameOf(url), url])).values()];
}

function serviceOf(url: RproxyUrl): ServiceClaims {
  const { host, port, path } = url;
  return {
    ...PLAIN_SERVICE,
    service: nameOf(url),
    hosts: [host, `*.${host}`],
    port,
    path,
    publicPorts: publicPorts(port),
    fallThrough: false,
  };
}

/** 80 is where every host answers, with HTTPS beside it; other ports are for this alone. */
function publicPorts(port: number): readonly PublicPort[] {
  if (port === 80) return [];
  return [{ port, protocol: port === 443 ? 'https' : 'http' }];
}

function streamOf(url: RproxyUrl): StreamClaims {
  return { ...PLAIN_STREAM, service: nameOf(url), port: url.port, publicPort: url.port };
}

function nameOf({ scheme, host, port, path }: RproxyUrl): string {
  return scheme === 'tcp' ? `tcp:${port}` : `${host}:${port}${path}`;
}

function clash({ port }: RproxyUrl): LabelProblem {
  return {
    message: `${VARIABLE}: port ${port} is asked for both as http and as tcp; http holds`,
    expected: 'one of the two on each port',
  };
}

function tooManyUrls(): LabelProblem {
  return { message: `${VARIABLE} has more than ${MAX_URLS} URLs`, expected: `at most ${MAX_URLS}` };
}
