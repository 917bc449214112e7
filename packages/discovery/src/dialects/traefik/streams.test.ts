import { describe, expect, test } from 'vitest';
import { readAll, readOne } from './_read-traefik.ts';

const db = (labels: Record<string, string>): Record<string, string> => ({
  'traefik.tcp.routers.db.rule': 'HostSNI(`*`)',
  'traefik.tcp.routers.db.entrypoints': 'tcp-5432',
  ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [`traefik.tcp.${key}`, value])),
});

describe('a TCP router', () => {
  test.each<[labels: Record<string, string>, claims: object[]]>([
    [{}, [{ tls: 'none', hosts: ['*'], listener: '', publicPort: 5_432, port: 80, priority: -1 }]],
    [{ 'routers.db.entrypoints': 'postgres' }, [{ listener: '', publicPort: 5_433 }]],
    [{ 'routers.db.entrypoints': 'raw' }, [{ listener: 'raw', publicPort: 0 }]],
    [{ 'services.db.loadbalancer.server.port': '5432' }, [{ port: 5_432, backend: 'tcp:db' }]],
    [
      {
        'routers.db.rule': 'HostSNI(`a.com`) || HostSNI(`b.com`)',
        'routers.db.tls': 'true',
        'routers.db.entrypoints': 'websecure',
      },
      [{ tls: 'terminate', hosts: ['a.com', 'b.com'], listener: 'https', publicPort: 0, priority: 36 }],
    ],
    [
      {
        'routers.db.rule': 'HostSNI(`a.com`)',
        'routers.db.tls.passthrough': 'true',
        'routers.db.tls.options': 'x@file',
      },
      [{ tls: 'passthrough', hosts: ['a.com'], publicPort: 5_432 }],
    ],
    [
      {
        'routers.db.rule': 'HostSNI(`a.com`) && ALPN(`h2`) && (ClientIP(`10.0.0.0/8`) || ClientIP(`::1`))',
        'routers.db.tls': 'true',
      },
      [{ hosts: ['a.com'], alpn: ['h2'], clients: ['10.0.0.0/8', '::1'] }],
    ],
    [{ 'routers.db.rule': 'ClientIP(`10.0.0.0/8`) || HostSNI(`*`)' }, [{ hosts: ['*'], clients: [] }]],
    [{ 'routers.db.priority': '7' }, [{ priority: 7 }]],
    [{ 'services.db.loadbalancer.proxyprotocol.version': '1' }, [{ proxyProtocol: 'v1' }]],
    [{ 'services.db.loadbalancer.proxyprotocol': 'true' }, [{ proxyProtocol: 'v2' }]],
    [{ 'services.db.loadbalancer.terminationdelay': '100' }, [{ proxyProtocol: '' }]],
    [
      {
        'routers.db.middlewares': 'lan, few@docker',
        'middlewares.lan.ipallowlist.sourcerange': '10.0.0.0/8, 192.168.1.7',
        'middlewares.few.inflightconn.amount': '10',
      },
      [{ clients: ['10.0.0.0/8', '192.168.1.7'], connectionsPerClient: 10 }],
    ],
  ])('%j', (labels, claims) => {
    const read = readOne(db(labels), {
      listeners: ['http', 'https', 'raw'],
      options: { entryPoints: { postgres: 5_433 } },
    });
    expect(read.problems).toEqual([]);
    expect(read.streams).toMatchObject(claims.map((claim) => ({ protocol: 'tcp', service: 'tcp:db', ...claim })));
    expect(read.services).toEqual([]);
  });

  test.each<[labels: Record<string, string>, message: RegExp, expected: RegExp]>([
    [{ 'routers.db.rule': 'HostSNI(`a.com`)' }, /rule=HostSNI/, /HostSNI\(`\*`\), because without TLS/],
    [{ 'routers.db.rule': 'HostSNIRegexp(`^a`)', 'routers.db.tls': 'true' }, /HostSNIRegexp/, /HostSNI with the names/],
    [{ 'routers.db.rule': '!HostSNI(`a.com`)', 'routers.db.tls': 'true' }, /exclamation mark/, /without one/],
    [{ 'routers.db.rule': 'Host(`a.com`)', 'routers.db.tls': 'true' }, /found Host/, /HostSNI/],
    [{ 'routers.db.rule': 'ALPN(`acme-tls/1`)', 'routers.db.tls': 'true' }, /acme-tls/, /h2 or postgresql/],
    [{ 'routers.db.rule': '' }, /the end of the rule/, /a matcher/],
    [{ 'routers.db.entrypoints': 'web' }, /entrypoints=web/, /another entry point/],
    [{ 'routers.db.entrypoints': 'websecure' }, /entrypoints=websecure/, /another entry point/],
    [{ 'routers.db.entrypoints': '' }, /entrypoints is missing/, /tcp-5432/],
    [{ 'routers.db.tls.options': 'mtls@file' }, /tls.options=mtls@file/, /tlsOptions: \[mtls\]/],
    [{ 'routers.db.middlewares': 'gone' }, /the middleware gone is not in labels/, /traefik\.tcp\.middlewares\.gone/],
    [{ 'services.db.loadbalancer.server.tls': 'true' }, /server\.tls=true/, /plain TCP/],
    [
      {
        'routers.db.rule': 'HostSNI(`*`) && ClientIP(`10.0.0.0/8`)',
        'routers.db.middlewares': 'l',
        'middlewares.l.ipallowlist.sourcerange': '::1',
      },
      /rule=/,
      /no ClientIP/,
    ],
  ])('%j is left out', (labels, message, expected) => {
    const read = readOne(db(labels));
    expect(read.streams).toEqual([]);
    expect(read.problems).toEqual([
      { message: expect.stringMatching(message), expected: expect.stringMatching(expected) },
    ]);
  });

  test('its backends are checked by connecting', () => {
    const read = readOne(
      db({
        'services.db.loadbalancer.server.port': '5432',
        'services.db.loadbalancer.healthcheck.port': '8008',
        'services.db.loadbalancer.healthcheck.interval': '5s',
        'services.db.loadbalancer.healthcheck.expect': '+PONG',
      }),
    );
    const pace = { intervalMs: 5_000, unhealthyIntervalMs: 5_000, timeoutMs: 5_000, rise: 1, fall: 1 };
    expect(read.streams).toMatchObject([{ port: 5_432, health: { type: 'tcp', port: 8_008, ...pace } }]);
    expect(read.problems).toMatchObject([{ message: expect.stringContaining('healthcheck.expect') }]);
  });

  test('without a port it is said', () => {
    expect(readOne(db({}), { tcpPorts: [] }).problems).toMatchObject([
      { expected: 'the label traefik.tcp.services.web.loadbalancer.server.port=<port>' },
    ]);
    expect(readOne(db({}), { tcpPorts: [5_432] }).streams).toMatchObject([{ port: 5_432 }]);
  });

  test('the container that has the service serves the router of another one', () => {
    const { front, back } = readAll({
      front: { labelled: db({ 'routers.db.service': 'pg' }) },
      back: { labelled: { 'traefik.tcp.services.pg.loadbalancer.server.port': '5432' } },
    });
    expect(front).toMatchObject({ streams: [], problems: [] });
    expect(back).toMatchObject({ streams: [{ service: 'tcp:db', port: 5_432, publicPort: 5_432 }], problems: [] });
  });
});

test('a UDP router is a port', () => {
  const labels = {
    'traefik.udp.routers.dns.entrypoints': 'udp-5353',
    'traefik.udp.services.dns.loadbalancer.server.port': '53',
  };
  expect(readOne(labels)).toMatchObject({
    problems: [],
    services: [],
    streams: [{ protocol: 'udp', service: 'udp:dns', port: 53, publicPort: 5_353, idleMs: 3_000 }],
  });
  expect(readOne({ 'traefik.udp.routers.dns.entrypoints': 'dns' }).problems).not.toEqual([]);
});
