/**
 * Microseconds that each filter adds to a request of a browser: `node bench/filters.ts [beginning of a name]`. Rounds with and
 * without the filter take turns in one process; the median of the differences is shown, beside that of nothing. A quarter of a
 * minute in all.
 */
import { createHash } from 'node:crypto';
import { type Filter, type HeaderChange, silentLog } from '../packages/core/src/index.ts';
import { ClientPeer } from '../packages/proxy/src/client/client-peer.ts';
import { compileSnapshot } from '../packages/proxy/src/compile-snapshot.ts';
import { Counters } from '../packages/proxy/src/counters.ts';
import { DeadlineWheel } from '../packages/proxy/src/deadline-wheel.ts';
import { LoginChecker } from '../packages/proxy/src/filters/auth/login-checker.ts';
import type { FilterServices } from '../packages/proxy/src/filters/filter-services.ts';
import { FilteredRequest } from '../packages/proxy/src/filters/index.ts';
import {
  HeadProgress,
  parseRequestHead,
  parseResponseHead,
  writeRequestHead,
  writeResponseHead,
} from '../packages/proxy/src/http1/index.ts';
import { NameCache } from '../packages/proxy/src/upstream/name-cache.ts';
import { UpstreamPools } from '../packages/proxy/src/upstream/upstream-pools.ts';
import { listenerOf, snapshotOf } from '../packages/testkit/src/snapshot-of.ts';

const REQUESTS = 4_000;
const ROUNDS = 61;
let sink = 0;
const WARM_UP_ROUNDS = 10;

const set = (name: string, value: string): HeaderChange => ({ operation: 'set', name, value });
const security = [
  set('strict-transport-security', 'max-age=31536000'),
  set('x-frame-options', 'DENY'),
  set('x-content-type-options', 'nosniff'),
];
const client = { type: 'client', depth: 0, excluded: [], ipv6Prefix: 0 } as const;
const sha = `{SHA}${createHash('sha1').update('right').digest('base64')}`;
const basicAuth = { type: 'basicAuth', realm: 'x', removeHeader: true, userHeader: 'x-user' } as const;
const bcrypt = '$2y$04$mDGU0f1cbMF2fjq3.z01cuN/BK8a7P76Y9HPHt7xyVGF/zIl.ouo.';

const CASES: readonly (readonly [name: string, ...filters: Filter[]])[] = [
  ['headers, of the answer', { type: 'headers', request: [], response: security }],
  ['headers, of the request', { type: 'headers', request: security, response: [] }],
  [
    'cors',
    {
      type: 'cors',
      origins: ['https://shop.example.com'],
      originPatterns: [],
      methods: ['GET'],
      headers: [],
      exposed: ['x-total'],
      credentials: true,
      maxAgeS: 60,
      vary: true,
    },
  ],
  ['redirectScheme, not needed', { type: 'redirectScheme', scheme: 'http', port: 0, permanent: true }],
  ['redirectScheme', { type: 'redirectScheme', scheme: 'https', port: 0, permanent: true }],
  [
    'redirectPattern, not needed',
    { type: 'redirectPattern', pattern: '^http://www\\.', replacement: 'https://', permanent: true },
  ],
  ['stripPrefix', { type: 'stripPrefix', prefixes: ['/assets'] }],
  ['stripPrefixPattern', { type: 'stripPrefixPattern', patterns: ['/[a-z]+'] }],
  ['addPrefix', { type: 'addPrefix', prefix: '/v1' }],
  ['replacePath', { type: 'replacePath', path: '/index.php' }],
  ['replacePathPattern', { type: 'replacePathPattern', pattern: '^/assets/(.*)', replacement: '/static/$1' }],
  ['replacePrefix', { type: 'replacePrefix', from: '/assets/', to: '/' }],
  ['allowHosts', { type: 'allowHosts', hosts: ['shop.example.com'] }],
  ['allowClients, 10 ranges', { type: 'allowClients', ranges: ranges(), by: client, status: 403 }],
  ['basicAuth, SHA-1', { ...basicAuth, users: [['ann', sha]] }],
  ['basicAuth, wrong password', { ...basicAuth, users: [['ann', `{SHA}${'A'.repeat(27)}=`]] }],
  ['basicAuth, bcrypt, known', { ...basicAuth, users: [['ann', bcrypt]] }],
];

const head = headOf(
  'GET /assets/app.3f9c.js?v=12 HTTP/1.1',
  'Host: shop.example.com',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  'Origin: https://shop.example.com',
  'Referer: https://shop.example.com/catalogue/page/3?sort=price',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
  `Authorization: Basic ${Buffer.from('ann:right').toString('base64')}`,
  'Cookie: session=3b1f0a5c8e7d4f6a9b2c; theme=dark; _ga=GA1.1.1234567890.1700000000',
);
const response = responseOf();
const logins = new LoginChecker();
const wheel = new DeadlineWheel(() => undefined);
const snapshot = snapshotOf({
  routes: CASES.map(([name, ...filters]) => ({
    host: 'shop.example.com',
    path: `/${name}`,
    filters,
    to: { port: 1 },
  })),
});
const counters = new Counters();
const compiled = compileSnapshot(snapshot, {
  worker: { index: 0, count: 1 },
  pools: new UpstreamPools({ wheel, counters, log: silentLog, names: new NameCache() }),
  log: silentLog,
  material: new Map(),
  previous: undefined,
});
const endpoints = { remoteAddress: '192.0.2.7', remotePort: 1, localAddress: '192.0.2.8', localPort: 80 };
const downstream = {
  peer: new ClientPeer(endpoints, listenerOf(), compiled),
  isEncrypted: false,
  body: undefined,
};
// What these filters use of a worker.
const services = { logins, nextRequestId: () => 'bench-1' } as unknown as FilterServices;

console.log(`microseconds per request, medians of ${ROUNDS} rounds of ${REQUESTS} requests\n`);
for (const [name] of [['nothing'] as const, ...CASES].filter(([name]) => name.startsWith(process.argv[2] ?? ''))) {
  // oxlint-disable-next-line no-await-in-loop -- one at a time is the point
  console.log(`${name.padEnd(32)} ${(await costOf(name)).toFixed(2)}`);
}
wheel.dispose();
await logins.close();

async function costOf(name: string): Promise<number> {
  const route = compiled.routes.get(`shop.example.com/${name}`);
  // What must be asked once is known then.
  if (route !== undefined) await route.filters?.run(request(route));
  const differences: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP_ROUNDS; round++) {
    const isFirst = round % 2 === 0;
    const before = isFirst ? timed(plain) : 0;
    const with_ = timed(route === undefined ? plain : () => filtered(route));
    const without = isFirst ? before : timed(plain);
    if (round >= WARM_UP_ROUNDS) differences.push(with_ - without);
  }
  return (differences.sort((a, b) => a - b)[differences.length >> 1] ?? 0) / REQUESTS;
}

type Route = NonNullable<ReturnType<typeof compiled.routes.get>>;

function request(route: Route): FilteredRequest {
  const { filters } = route;
  if (filters === undefined) throw new Error(`${route.id} has no filters`);
  return new FilteredRequest({ head, downstream, services, compiled, route, filters });
}

/** What the exchange does with a request and its answer. */
function filtered(route: Route): number {
  const one = request(route);
  const verdict = route.filters?.run(one);
  if (verdict instanceof Promise) throw new Error(`${route.id} is not done at once`);
  if (verdict !== undefined) return one.page(verdict).headers.length;
  const written = write(one.head, one.requestRules(undefined), one.responseRules(200, response.passed, undefined));
  one.end(200, '', '');
  return written;
}

function plain(): number {
  return write(head, undefined, undefined);
}

function write(
  sent: typeof head,
  request: ReturnType<FilteredRequest['requestRules']>,
  answer: ReturnType<FilteredRequest['requestRules']>,
): number {
  const forwardedBlock = downstream.peer.forwardedBlock(sent.claims, sent.hostHeader);
  const asked = writeRequestHead(sent, { forwardedBlock, debugBlock: '', rules: request });
  const told = writeResponseHead(response, { clientMinorVersion: 1, keepAlive: true, debugBlock: '', rules: answer });
  return asked.length + told.length;
}

/** @returns microseconds */
function timed(work: () => number): number {
  const startedMs = performance.now();
  for (let count = 0; count < REQUESTS; count++) sink += work();
  return (performance.now() - startedMs) * 1_000 + (sink < 0 ? 1 : 0);
}

function ranges(): string[] {
  return [...Array.from({ length: 9 }, (_, n) => `10.${n}.0.0/16`), '192.0.2.0/24'];
}

function headOf(...lines: readonly string[]) {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const parsed = parseRequestHead(bytes, 0, bytes.length, snapshotOf().settings.limits, new HeadProgress());
  if (parsed === undefined) throw new Error('half a head');
  return parsed;
}

function responseOf() {
  const { limits } = snapshotOf().settings;
  const text =
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: x\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n\r\n';
  const bytes = Buffer.from(text, 'latin1');
  const parsed = parseResponseHead(
    bytes,
    0,
    bytes.length,
    { method: 'GET', offeredUpgrade: '', limits },
    new HeadProgress(),
  );
  if (parsed === undefined) throw new Error('half a head');
  return parsed;
}
