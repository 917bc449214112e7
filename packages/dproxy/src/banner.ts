export interface BannerFacts {
  readonly version: string;
  readonly addresses: readonly string[];
  readonly api: string;
  readonly workers: number;
  /** One line per engine: `unix:///var/run/docker.sock: 7 containers`, or why it was not found. */
  readonly engines: readonly string[];
  readonly routes: number;
  readonly configFile: string;
  readonly tryLine: string;
  readonly warnings: readonly string[];
}

/** What a person sees after `npm start`. */
export function banner(facts: BannerFacts): string {
  const rows: [string, string][] = [
    ['serves', facts.addresses.join('   ') || 'nothing yet'],
    ['workers', String(facts.workers)],
    ...facts.engines.map((line, index): [string, string] => [index === 0 ? 'docker' : '', line]),
    ['file', facts.configFile || 'none (looked for /etc/dproxy.yml)'],
    ['routes', String(facts.routes)],
    ['api', facts.api],
    ['try', facts.tryLine],
    ...facts.warnings.map((line): [string, string] => ['warning', line]),
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(9)}${value}`);
  return `\ndproxy ${facts.version}\n${lines.join('\n')}\n`;
}
