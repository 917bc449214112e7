import { expect, it } from 'vitest';
import { containerOf } from '../_container-of.ts';
import { factsOf } from '../_facts-of.ts';
import { describeContainer } from '../describe-container.ts';
import { EngineMirror } from '../engine-mirror.ts';

type Labels = Readonly<Record<string, string>>;

const many = (count: number, pair: (index: number) => readonly [string, string]): Labels =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => pair(index)));

const site = (respond: string): Labels => ({ caddy: 'a.test', 'caddy.respond': respond });

/** Each took minutes, or all memory, before it had its limit: then the time of the test ends first. */
it.each<[string, Labels]>([
  ['templates without an end', site('{{'.repeat(100_000))],
  ['templates of spaces', site(`{{${' '.repeat(20_000)}-`)],
  ['many templates of spaces', site(`{{${' '.repeat(1_000)}`.repeat(200))],
  [
    'addresses',
    {
      caddy: Array.from({ length: 20_000 }, (_, index) => `h${index}.test`).join(' '),
      'caddy.reverse_proxy': '{{upstreams 80}}',
    },
  ],
  ['slips in labels', many(20_000, (index) => [`dproxy.zzz${index}zzzz`, 'x'])],
  [
    'names of middlewares',
    {
      'dproxy.enable': 'false',
      ...many(20_000, (index) => [`traefik.http.middlewares.m${index}.headers.customrequestheaders.x`, 'v']),
    },
  ],
  [
    'chains',
    {
      ...many(200, (index) => [
        `traefik.http.middlewares.m${index}.chain.middlewares`,
        Array.from({ length: 200 }, () => `m${index + 1}`).join(','),
      ]),
      'traefik.http.routers.a.rule': 'Host(`a.test`)',
      'traefik.http.routers.a.middlewares': 'm0',
    },
  ],
])('%s cost little, and serve nothing', (_, labelled) => {
  const { definitions, rejected } = describeContainer(containerOf({ labelled }), factsOf({ exposedByDefault: false }));
  expect(rejected.length).toBeGreaterThan(0);
  expect(rejected.length).toBeLessThan(300);
  expect(definitions.filter(({ action }) => action.type === 'forward')).toEqual([]);
});

it('many replicas with many routers cost little', () => {
  const labelled = {
    ...many(64, (index) => [`traefik.http.routers.r${index}.rule`, `Host(\`h${index}.test\`)`]),
    ...many(64, (index) => [`traefik.http.routers.r${index}.service`, 's']),
    'traefik.http.services.s.loadbalancer.server.port': '80',
  };
  const endpoint = { name: 'e', socketPath: '/x', host: '', port: 0, tls: null };
  const mirror = new EngineMirror(endpoint, {
    trustImages: true,
    exposedByDefault: false,
    dialects: {},
    listeners: ['http', 'https'],
    ownContainerId: '',
    hostReachesBridges: true,
  });
  for (let index = 0; index < 100; index += 1) {
    mirror.put(containerOf({ id: `${index}`.padStart(64, '0'), name: `c${index}`, labelled }));
  }
  const { definitions, rejected } = mirror.state();
  expect([definitions.length, rejected.length]).toEqual([6_400, 0]);
});

it('patterns that many routers share cost what they cost once', () => {
  const labelled = {
    ...many(64, (index) => [
      `traefik.http.middlewares.m${index}.replacepathregex.regex`,
      `${'(a|b|c)*'.repeat(50)}${index}`,
    ]),
    ...many(64, (index) => [`traefik.http.middlewares.m${index}.replacepathregex.replacement`, 'x']),
    ...many(200, (index) => [`traefik.http.routers.r${index}.rule`, `Host(\`h${index}.test\`)`]),
    ...many(200, (index) => [
      `traefik.http.routers.r${index}.middlewares`,
      Array.from({ length: 64 }, (_, middleware) => `m${middleware}`).join(','),
    ]),
  };
  const { definitions, rejected } = describeContainer(containerOf({ labelled }), factsOf({ exposedByDefault: false }));
  expect([definitions.length, rejected.length]).toEqual([200, 0]);
});
