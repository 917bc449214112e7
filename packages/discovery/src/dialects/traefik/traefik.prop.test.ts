import { array, assert, constantFrom, dictionary, oneof, property, string, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalFieldName, canonicalHost, isFieldValue } from '@dproxy/core';
import { readAll } from './_read-traefik.ts';
import { MIDDLEWARE_TYPES } from './middlewares/table.ts';

const name = constantFrom('a', 'B', '__proto__', 'constructor', 'a@b', '');
const option = constantFrom(
  'rule',
  'service',
  'middlewares',
  'entrypoints',
  'tls',
  'tls.options',
  'tls.passthrough',
  'tls.domains[0].main',
  'priority',
  'loadbalancer.server.port',
  'loadbalancer.server.url',
  'loadbalancer.sticky.cookie',
  'loadbalancer.healthcheck.path',
  'chain.middlewares',
  ...[...MIDDLEWARE_TYPES.keys()].flatMap((type) => [type, `${type}.regex`, `${type}.users`, `${type}.__proto__`]),
);
const label = oneof(
  tuple(constantFrom('http', 'tcp', 'udp'), constantFrom('routers', 'services', 'middlewares'), name, option).map(
    ([protocol, kind, each, key]) => `traefik.${protocol}.${kind}.${each}.${key}`,
  ),
  constantFrom('traefik.enable', 'traefik.docker.network', 'traefik.http', 'traefik.', 'traefik.http.routers'),
  string().map((rest) => `traefik.${rest}`),
);
const value = oneof(
  constantFrom('true', 'a', 'a,b', 'B@docker', 'x@file', 'web', 'websecure', 'tcp-99', '80', '/x', '10.0.0.0/8', '[0]'),
  constantFrom(
    'Host(`a.com`)',
    'HostSNI(`*`)',
    'Host(`a.com`) || !Path(`/x`)',
    'HostSNI(`a.com`) && ALPN(`h2`)',
    'Host(`',
  ),
  string(),
);

test('whatever labels say, reading them ends, and what comes of it can be served', () => {
  const containers = array(dictionary(label, value, { maxKeys: 12 }), { minLength: 1, maxLength: 3 });
  assert(
    property(containers, (all) => {
      const named = Object.fromEntries(all.map((labelled, index) => [`c${index}`, { labelled }]));
      for (const { services, streams, problems } of Object.values(readAll(named))) {
        const names = [...services, ...streams].map(({ service }) => service);
        expect(new Set(names).size).toBe(names.length);
        for (const { hosts, path, headers, network } of services) {
          expect(hosts.every((host) => host === '*' || canonicalHost(host) === host)).toBe(true);
          expect(path.startsWith('/')).toBe(true);
          const pairs = headers.requestSet;
          expect(pairs.every(([key, text]) => canonicalFieldName(key) === key && isFieldValue(text))).toBe(true);
          expect(network === undefined || network === 'bridge').toBe(true);
        }
        for (const problem of problems) {
          expect(problem.message).not.toMatch(/\p{Cc}/u);
          expect(problem.expected).not.toBe('');
        }
      }
    }),
    { numRuns: 300 },
  );
});
