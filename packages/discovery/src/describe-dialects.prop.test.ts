import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { containerOf } from './_container-of.ts';
import { factsOf } from './_facts-of.ts';
import { describeContainer } from './describe-container.ts';

/** Pieces of the words of all dialects, so that what is put together comes near to what they read. */
const PIECE = fc.constantFrom(
  'dproxy',
  'traefik',
  'caddy',
  'caddy_0',
  'io',
  'docksal',
  'virtual-host',
  'http',
  'tcp',
  'udp',
  'routers',
  'services',
  'middlewares',
  'loadbalancer',
  'server',
  'port',
  'rule',
  'host',
  'path',
  'match',
  'filters',
  'balance',
  'health',
  '1',
  '0',
  '99999',
  'sticky',
  'cookie',
  'headers',
  'request',
  'set',
  '__proto__',
  'constructor',
  'web',
  '',
  'reverse_proxy',
  'handle',
  '@m',
  'tls',
  'listen',
  'sni',
  'enable',
  'ports',
  'sablier',
  'group',
  'lazytainer',
  'stripPrefix',
  'errorPages',
);
const WHOLE = fc.constantFrom(
  'dproxy.host',
  'dproxy.web.host',
  'dproxy.port',
  'dproxy.web.port',
  'dproxy.web.tcp',
  'dproxy.network',
  'dproxy.enable',
  'traefik.enable',
  'traefik.http.routers.r.rule',
  'traefik.http.routers.r.middlewares',
  'traefik.http.services.s.loadbalancer.server.port',
  'traefik.tcp.routers.r.rule',
  'caddy',
  'caddy.reverse_proxy',
  'caddy.handle_path',
  'io.docksal.virtual-host',
  'io.docksal.virtual-port',
);
const LABEL = fc.oneof(
  WHOLE,
  WHOLE,
  fc.array(PIECE, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join('.')),
  fc.string({ maxLength: 40 }),
);
const VARIABLE = fc.constantFrom(
  'RPROXY',
  'VIRTUAL_HOST',
  'VIRTUAL_PORT',
  'VIRTUAL_PATH',
  'VIRTUAL_DEST',
  'VIRTUAL_PROTO',
  'VIRTUAL_HOST_MULTIPORTS',
  'HTTPS_METHOD',
  'LETSENCRYPT_HOST',
  'HSTS',
  'CERT_NAME',
  'NETWORK_ACCESS',
  '__proto__',
);
const VALUE = fc.oneof(
  fc.constantFrom(
    'a.test',
    '*.a.test',
    '80',
    'true',
    'false',
    '',
    ',',
    'Host(`a.test`) && !PathPrefix(`/x`)',
    '((((',
    '{{upstreams 80}}',
    'http://a.test:8080/x,tcp://b:5432',
    '~^(a+)+$',
    '{a.test: {/: {port: 1}}}',
    '/api',
    '"',
    '`',
    '443',
    'https',
    '*',
  ),
  fc.string({ maxLength: 60, unit: 'grapheme' }),
);

test('whatever a container says, it is described: plain data, unique ids, nothing of other containers', () => {
  fc.assert(
    fc.property(
      fc.dictionary(LABEL, VALUE, { maxKeys: 12 }),
      fc.dictionary(VARIABLE, VALUE, { maxKeys: 5 }),
      fc.uniqueArray(fc.constantFrom(80, 443, 5432, 8080), { maxLength: 3 }),
      (labelled, variables, tcpPorts) => {
        const description = describeContainer(containerOf({ labelled, variables, tcpPorts }), factsOf());
        const { definitions, streams, rejected } = description;
        // `structuredClone` is what a worker gets; undefined and functions in it would be lost on the way.
        expect(JSON.parse(JSON.stringify(definitions))).toEqual(definitions);
        const ids = [...definitions, ...streams].map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { backends } of [...definitions, ...streams]) {
          expect(backends.every(({ id }) => id.startsWith('docker:a1b2c3d4e5f6/'))).toBe(true);
          // One id is one backend, or a request could go where another service said.
          for (const backend of backends) expect(['172.17.0.2', '']).toContain(backend.address);
        }
        expect(rejected.filter(({ message }) => message.includes('cannot be read:'))).toEqual([]);
      },
    ),
    { numRuns: 400 },
  );
});
