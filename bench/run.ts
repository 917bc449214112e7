// `npm run bench`: dproxy (one worker) beside HAProxy, nginx, @fastify/http-proxy and http-proxy on the same backend. One core
// for the proxy, the other for load and backend. Prints ratios to HAProxy; absolute numbers are only this machine's.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Sample } from './measure.ts';
import { startOrigin, type Running } from './origin.ts';
import { SUBJECTS } from './subjects.ts';
import { formatTable, median } from './table.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string', default: '' },
  },
});
for (const program of ['/usr/sbin/haproxy', '/usr/sbin/nginx', '/usr/bin/wrk']) {
  if (!existsSync(program)) throw new Error(`bench needs ${program}: apt-get install haproxy nginx-light wrk`);
}

const folder = mkdtempSync(join(tmpdir(), 'dproxy-bench-'));
const running: Running[] = [];
try {
  const origin = await startOrigin(folder);
  running.push(origin);
  const chosen = SUBJECTS.filter((subject) => values.only === '' || values.only.split(',').includes(subject.name));
  for (const path of ['/small', '/64k']) {
    const samples = new Map<string, Sample[]>(chosen.map((subject) => [subject.name, []]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const subject of chosen) {
        // oxlint-disable no-await-in-loop -- one at a time is the point
        const proxy = await subject.start({ folder, originPort: origin.port });
        running.push(proxy);
        const options = { seconds: Number(values.seconds), connections: Number(values.connections) };
        samples.get(subject.name)?.push(await measure(proxy, path, options));
        await proxy.stop();
        // oxlint-enable no-await-in-loop
      }
    }
    console.log(
      `\n${path}, keep-alive, ${values.connections} connections, ${values.rounds} rounds of ${values.seconds} s, medians`,
    );
    console.log(
      formatTable(
        [...samples].map(([name, list]) => ({ name, sample: median(list) })),
        'haproxy',
      ),
    );
  }
} finally {
  await Promise.all(running.map((entry) => entry.stop()));
  rmSync(folder, { recursive: true, force: true });
}
