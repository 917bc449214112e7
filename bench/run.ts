// `npm run bench`: dproxy (one worker) beside HAProxy, nginx, Caddy, @fastify/http-proxy and http-proxy on the same backend. One
// core for the proxy, the other for load and backend. Prints ratios to HAProxy; absolute numbers are only this machine's.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { measure, type Sample } from './measure.ts';
import { startOrigin, type Running } from './origin.ts';
import { scenarios, type Scenario } from './scenarios.ts';
import { SUBJECTS, type Place, type Subject } from './subjects.ts';
import { formatTable, median } from './table.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    /** Names of subjects and of scenarios, separated by commas. */
    only: { type: 'string', default: '' },
    scenarios: { type: 'string', default: '' },
  },
});
const PROGRAMS = ['sbin/haproxy', 'sbin/nginx', 'bin/caddy', 'bin/wrk', 'bin/h2load'];
const missing = PROGRAMS.filter((program) => !existsSync(`/usr/${program}`));
if (missing.length > 0) {
  throw new Error(`bench needs ${missing.join(', ')}: apt-get install haproxy nginx-light caddy wrk nghttp2-client`);
}

const folder = mkdtempSync(join(tmpdir(), 'dproxy-bench-'));
const running: Running[] = [];
try {
  const origin = await startOrigin(folder);
  running.push(origin);
  const certificate = makeCertificate(folder);
  for (const scenario of chosen(scenarios(Number(values.connections)), values.scenarios)) {
    const subjects = chosen(SUBJECTS, values.only).filter(({ speaks }) => speaks.includes(scenario.needs));
    const place = { folder, originPort: origin.port, certificate: scenario.isSecure ? certificate : undefined };
    // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
    await compare(scenario, subjects, place);
  }
} finally {
  await Promise.all(running.map((entry) => entry.stop()));
  rmSync(folder, { recursive: true, force: true });
}

async function compare(scenario: Scenario, subjects: readonly Subject[], place: Place): Promise<void> {
  const samples = new Map<string, Sample[]>(subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const subject of subjects) {
      // oxlint-disable no-await-in-loop -- one at a time is the point
      const proxy = await subject.start(place);
      running.push(proxy);
      samples.get(subject.name)?.push(await measure(proxy, scenario.load, Number(values.seconds)));
      await proxy.stop();
      // oxlint-enable no-await-in-loop
    }
  }
  console.log(`\n${scenario.title}: medians of ${values.rounds} rounds of ${values.seconds} s`);
  console.log(
    formatTable(
      [...samples].map(([name, list]) => ({ name, sample: median(list) })),
      'haproxy',
    ),
  );
}

function chosen<T extends { readonly name: string }>(all: readonly T[], names: string): readonly T[] {
  return names === '' ? all : all.filter(({ name }) => names.split(',').includes(name));
}
