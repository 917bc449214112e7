import type { ListenAddress, Listener, Route } from '@dproxy/core';
import packageJson from '../package.json' with { type: 'json' };

export const VERSION = packageJson.version;

export interface BannerFacts {
  readonly listeners: readonly Listener[];
  readonly api: string;
  readonly workers: number;
  /** One line per engine. */
  readonly engines: readonly string[];
  readonly routes: readonly Route[];
  /** Empty: there is none. */
  readonly configFile: string;
  readonly rejected: number;
  readonly warnings: readonly string[];
}

/** What a person sees after `npm start`. */
export function banner(facts: BannerFacts): string {
  const rows: [string, string][] = [
    ['serves', facts.listeners.flatMap((listener) => listener.addresses.map((at) => url(listener, at))).join('   ')],
    ['workers', String(facts.workers)],
    ...facts.engines.map((line, index): [string, string] => [index === 0 ? 'docker' : '', line]),
    ['file', facts.configFile || 'none (a dproxy.yml is read as soon as there is one)'],
    [
      'routes',
      `${facts.routes.length}${facts.rejected === 0 ? '' : `, and ${facts.rejected} rejections: see ${facts.api}/rejected`}`,
    ],
    ['api', facts.api],
    ['try', tryLine(facts)],
    ...facts.warnings.map((line): [string, string] => ['warning', line]),
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(9)}${value}`);
  return `\ndproxy ${VERSION}\n${lines.join('\n')}\n`;
}

function url({ protocol }: Listener, { host, port }: ListenAddress): string {
  return `${protocol}://${shownHost(host)}:${port}`;
}

function shownHost(host: string): string {
  if (host === '::' || host === '0.0.0.0') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function tryLine({ listeners, routes }: BannerFacts): string {
  const listener =
    listeners.find(({ protocol }) => protocol === 'http') ?? listeners.find(({ protocol }) => protocol === 'https');
  const at = listener?.addresses[0];
  const route = routes.find(({ host }) => !host.startsWith('*'));
  if (listener === undefined || at === undefined) return 'nothing: no listener';
  if (route === undefined) return 'docker run a container with a port, then curl http://<its name>.localhost';
  const insecure = listener.protocol === 'https' ? '-k ' : '';
  return `curl ${insecure}-H 'Host: ${route.host}' ${url(listener, at)}${route.path}`;
}
